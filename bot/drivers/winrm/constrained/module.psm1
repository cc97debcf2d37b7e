# The functions of Switchback's constrained endpoint for servers of «version», edition «edition».
#
# Written by "python -m bot endpoint". Do not change it: what is asked of it is made from the same tables. Its page,
# Switchback.md, explains every line. The functions run with the full language and as «account»; whoever
# is connected can call only those that Export-ModuleMember names at the end, with values that their patterns let through.

$ErrorActionPreference = 'Stop'
$script:Edition = '«edition»'
$script:Version = '«version»'
$script:Folder = '«folder»'
$script:Stores = @(«stores»)

# --- What the functions share. None of it can be called from outside. ---

«parts»
function Assert-Place([string]$Path, [string[]]$Roots) {
    if ([System.IO.Path]::GetFullPath($Path) -cne $Path) { Stop-Here 'PathRefused' 'That is not its full path.' }
    $at = $Path
    while ($at) {
        if ([System.IO.File]::Exists($at) -or [System.IO.Directory]::Exists($at)) {
            if ([System.IO.File]::GetAttributes($at) -band [System.IO.FileAttributes]::ReparsePoint) {
                Stop-Here 'PathRefused' 'There is a link on the way to it.'
            }
        }
        if ($Roots -ccontains $at) { return }
        $at = [System.IO.Path]::GetDirectoryName($at)
    }
    Stop-Here 'PathRefused' 'It does not lie where this endpoint may go.'
}

function Select-Given($Bound, [string[]]$Names) {
    $given = @{}
    foreach ($name in $Names) {
        if ($Bound.ContainsKey($name)) {
            $value = $Bound[$name]
            if ($value -is [System.Management.Automation.SwitchParameter]) { $value = $value.IsPresent }
            $given[$name] = $value
        }
    }
    $given
}

# --- What can be called. ---

«functions»
Export-ModuleMember -Function @(
«names»
)

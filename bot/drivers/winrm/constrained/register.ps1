# Sets Switchback's endpoint up on this server, or takes it away again (-Remove). It may be run again at any time.
#
# Written by "python -m bot endpoint" for servers of «version», edition «edition». Switchback.md explains every step.
# Run it in Windows PowerShell as administrator, in the folder that it lies in. It restarts WinRM: sessions of others end.

[CmdletBinding()]
param([switch]$Remove)

$ErrorActionPreference = 'Stop'
$name = 'Switchback'
$folder = '«folder»'
$account = '«account»'
$here = Split-Path -Parent $MyInvocation.MyCommand.Path
$module = '«home»'
$role = Join-Path $env:ProgramFiles 'WindowsPowerShell\Modules\Switchback'

function Say([string]$Text) { Write-Host $Text }
function Test-Registered { @(Get-PSSessionConfiguration | Where-Object { $_.Name -eq $name }).Count -gt 0 }
function Find-InForest([string]$Filter) {
    $top = "GC://$(([adsi]'LDAP://RootDSE').Properties['rootDomainNamingContext'][0])"
    (New-Object System.DirectoryServices.DirectorySearcher (New-Object System.DirectoryServices.DirectoryEntry $top), $Filter).FindOne()
}

# 1. This PowerShell, and whoever runs it
$me = New-Object System.Security.Principal.WindowsPrincipal ([System.Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $me.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this as administrator. Nothing was changed.'
}
if ($PSVersionTable.PSVersion.Major -ne 5) {
    throw "This is PowerShell $($PSVersionTable.PSVersion). Windows PowerShell 5 (Windows Management Framework 5) is needed. Nothing was changed."
}

if ($Remove) {
    if (Test-Registered) {
        Unregister-PSSessionConfiguration -Name $name -Force
        Say "Session configuration $name is gone."
    }
    foreach ($one in $role, $module) {
        if (Test-Path -LiteralPath $one) {
            Remove-Item -LiteralPath $one -Recurse -Force
            Say "$one is gone."
        }
    }
    Say "$folder stays, with what is in it."
    return
}

# 2. What has to be there before anything is changed
$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WinRM\Service'
if ((Get-ItemProperty -Path $policy -ErrorAction SilentlyContinue).DisableRunAs -eq 1) {
    throw 'The policy "Disallow WinRM from storing RunAs credentials" is on, so that no endpoint can have an account of its own. Nothing was changed.'
}
if (-not (Get-Module -ListAvailable -Name '«module»')) {
    throw 'The module «module» is not on this server. Nothing was changed.'
}
foreach ($file in 'Switchback.pssc', 'Switchback.psm1', 'Switchback.psrc') {
    if (-not (Test-Path -LiteralPath (Join-Path $here $file))) { throw "$file does not lie beside this script. Nothing was changed." }
}
$session = Join-Path $here 'Switchback.pssc'
if (-not (Test-PSSessionConfigurationFile -Path $session)) { throw 'Switchback.pssc is damaged. Nothing was changed.' }

# 3. The account that does the work
$found = Find-InForest '(sAMAccountName=«account_name»$)'
if (-not $found) { throw "The directory has no group managed service account $account. Nothing was changed." }
$named = $found.Properties['distinguishedname'][0] -replace '\\', '\5c' -replace '\(', '\28' -replace '\)', '\29' -replace '\*', '\2a'
if (-not (Find-InForest "(&(sAMAccountName=RTCUniversalServerAdmins)(member:1.2.840.113556.1.4.1941:=$named))")) {
    throw "$account is not in RTCUniversalServerAdmins. Nothing was changed."
}
if (Get-Command -Name Test-ADServiceAccount -ErrorAction SilentlyContinue) {
    if (-not (Test-ADServiceAccount -Identity '«account_name»')) { throw "This server may not use $account. Nothing was changed." }
} else {
    Say "The module ActiveDirectory is not here: whether this server may use $account shows when somebody connects."
}

# 4. The folder of exports: on a disk, no link, shared by nobody, and only for administrators and the account
if (Test-Path -LiteralPath $folder) {
    if ((Get-Item -LiteralPath $folder -Force).Attributes -band [System.IO.FileAttributes]::ReparsePoint) {
        throw "$folder is a link. Nothing was changed."
    }
    # Its rights are replaced below: of a folder that is used for something else, that would take it from others.
    $foreign = @(Get-ChildItem -LiteralPath $folder -Force | Where-Object { $_.PSIsContainer -or $_.Name -notmatch '^[0-9A-Za-z-]+\.(zip|xml|tmp)$' })
    if ($foreign) { throw "$folder holds $($foreign[0].Name), which is no export. Choose a folder for exports alone. Nothing was changed." }
}
foreach ($share in Get-WmiObject -Class Win32_Share -Filter 'Type = 0') {
    $shared, $ours = ($share.Path.TrimEnd('\') + '\'), "$folder\"
    if ($ours.StartsWith($shared, [System.StringComparison]::OrdinalIgnoreCase) -or $shared.StartsWith($ours, [System.StringComparison]::OrdinalIgnoreCase)) {
        throw "The share $($share.Name) shows $folder to others. Nothing was changed."
    }
}
$rights = New-Object System.Security.AccessControl.DirectorySecurity
$rights.SetAccessRuleProtection($true, $false)
$administrators = New-Object System.Security.Principal.SecurityIdentifier 'S-1-5-32-544'
$system = New-Object System.Security.Principal.SecurityIdentifier 'S-1-5-18'
# An account that has no identifier here ends it now, and not when the folder is there with the rights of its disk.
$worker = (New-Object System.Security.Principal.NTAccount '«account»$').Translate([System.Security.Principal.SecurityIdentifier])
foreach ($row in @($administrators, 'FullControl'), @($system, 'FullControl'), @($worker, 'Modify')) {
    $rights.AddAccessRule((New-Object System.Security.AccessControl.FileSystemAccessRule $row[0], $row[1], 'ContainerInherit, ObjectInherit', 'None', 'Allow'))
}
$rights.SetOwner($administrators)
if (-not (Test-Path -LiteralPath $folder)) {
    [void](New-Item -ItemType Directory -Path $folder)
    Say "$folder was made."
}
Set-Acl -LiteralPath $folder -AclObject $rights
Say "$folder is open to administrators, the system and $account, and to nobody else."

# 5. The functions and the role, where only administrators can write. The functions have the names of cmdlets, so they lie
#    where no PowerShell loads anything by itself: only this endpoint names their file.
foreach ($one in $role, $module) {
    if (Test-Path -LiteralPath $one) { Remove-Item -LiteralPath $one -Recurse -Force }
}
[void](New-Item -ItemType Directory -Path $module)
[void](New-Item -ItemType Directory -Path (Join-Path $role 'RoleCapabilities'))
Copy-Item -LiteralPath (Join-Path $here 'Switchback.psm1') -Destination (Join-Path $module 'Switchback.psm1')
Copy-Item -LiteralPath (Join-Path $here 'Switchback.psrc') -Destination (Join-Path $role 'RoleCapabilities\Switchback.psrc')
Get-ChildItem -LiteralPath $module, $role -Recurse -File | Unblock-File
Say "$module has the functions of edition «edition»."

# 6. The session configuration
if (Test-Registered) { Unregister-PSSessionConfiguration -Name $name -Force -NoServiceRestart }
[void](Register-PSSessionConfiguration -Name $name -Path $session -Force)
Say "Session configuration $name is registered. Who may use it: $((Get-PSSessionConfiguration -Name $name).Permission)"

# 7. How it is reached
$https = Get-ChildItem -Path WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' }
if (-not $https) { Say 'WinRM has no HTTPS listener yet, and Switchback connects by HTTPS only: docs/real-servers.md says how.' }
Say 'Done.'

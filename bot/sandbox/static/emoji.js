// The short names a message may use, and the characters they stand for.
const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|warning ⚠️
no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|stop_sign 🛑|rotating_light 🚨|fire 🔥|bell 🔔|no_bell 🔕|mega 📣
loudspeaker 📢|information_source ℹ️|question ❓|grey_question ❔|exclamation ❗|grey_exclamation ❕|bulb 💡|mag 🔍
hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|clock1 🕐|timer_clock ⏲️|calendar 📆|date 📅
spiral_calendar_pad 🗓️|repeat 🔁|arrows_counterclockwise 🔄|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrow_forward ▶️|fast_forward ⏩|rewind ⏪|double_vertical_bar ⏸️
pause_button ⏸️|black_square_for_stop ⏹️|black_circle_for_record ⏺️|twisted_rightwards_arrows 🔀|left_right_arrow ↔️
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵
white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨|radio_button 🔘
telephone_receiver 📞|phone ☎️|telephone ☎️|iphone 📱|calling 📲|headphones 🎧|musical_note 🎵|notes 🎶|sound 🔉
speaker 🔈|mute 🔇|studio_microphone 🎙️|inbox_tray 📥|outbox_tray 📤|package 📦|floppy_disk 💾|file_folder 📁
open_file_folder 📂|card_file_box 🗃️|page_facing_up 📄|clipboard 📋|memo 📝|pencil ✏️|pencil2 ✏️|bookmark_tabs 📑
link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|lock 🔒|unlock 🔓|key 🔑|closed_lock_with_key 🔐|shield 🛡️
wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|gear ⚙️|electric_plug 🔌|satellite_antenna 📡|computer 💻|desktop_computer 🖥️
robot_face 🤖|bust_in_silhouette 👤|busts_in_silhouette 👥|wave 👋|raised_hand ✋|hand ✋|pray 🙏|clap 👏|tada 🎉
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|eyes 👀|thinking_face 🤔|slightly_smiling_face 🙂|smile 😄|cry 😢|sleeping 😴
zzz 💤|sparkles ✨|star ⭐|zap ⚡|boom 💥|broom 🧹|wastebasket 🗑️|house 🏠|house_with_garden 🏡|office 🏢
construction 🚧|traffic_light 🚦|checkered_flag 🏁|triangular_flag_on_post 🚩|dart 🎯|test_tube 🧪|compass 🧭
heavy_plus_sign ➕|heavy_minus_sign ➖|heavy_multiplication_x ✖️|o ⭕|new 🆕|ok 🆗|sos 🆘|soon 🔜|back 🔙|end 🔚
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|keycap_ten 🔟|zero 0️⃣`;

export const EMOJI = new Map(
  TABLE.trim().split(/[|\n]/).map((row) => {
    const at = row.lastIndexOf(" ");
    return [row.slice(0, at), row.slice(at + 1)];
  }),
);

// The signs that tell a state are drawn here, so that they look the same on every machine, with an emoji font or without.
const DRAWN = `
✅ good ✓ done|✔ good ✓ done|☑ info ✓ said|❌ bad ✕ failed|❎ bad ✕ no|✖ bad ✕ no|⚠ warn ! warning|🚨 bad ! alarm|❗ bad ! important
🛑 bad ■ stopped|⛔ bad – no entry|🚫 bad – not allowed|ℹ info i information|❓ info ? question|❔ info ? question
⏳ wait … waiting|⌛ wait … waiting|✋ wait ‖ waits for somebody|⏸ wait ‖ paused|⚙ info ⚙ working|▶ info ▸ runs|⏹ idle ■ ended
🔎 info ⌕ looking|🔍 info ⌕ looking|🏳 idle ⚐ given up|🏁 good ⚑ finished|➖ idle – left out|➕ good + added|▫ empty   to do
🔁 info ↻ again|🔄 info ↻ again|↩ info ↩ back|🟢 dot green   green|🔴 dot red   red|🟠 dot orange   orange|🟡 dot yellow   yellow
🔵 dot blue   blue|🟣 dot purple   purple|🟤 dot brown   brown|⚪ dot white   white|⚫ dot black   black`;

export const SIGNS = new Map(
  DRAWN.trim().split(/[|\n]/).map((row) => {
    const [char, kind, ...rest] = row.split(" ");
    const look = kind === "dot" ? `dot-${rest.shift()}` : kind;
    return [char, { look, glyph: rest.shift(), label: rest.join(" ").trim() }];
  }),
);
export const SIGN = new RegExp(`(?:${[...SIGNS.keys()].join("|")})\\uFE0F?`, "gu");

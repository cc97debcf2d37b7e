"""Hours in which nobody is called who need not be: "22:00-07:00" of a pool's own time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(hours: str, time_zone: str, now: float) -> float:
    """When the quiet hours are over in which the second `now` lies (seconds since the epoch); 0.0 outside of them.

    `time_zone` is an IANA name. Without `hours`, or from one time to the same one, there are none.
    """
    if not hours:
        return 0.0
    begins, ends = map(time.fromisoformat, hours.split("-"))
    here = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(time_zone))
    at = here.time().replace(second=0, microsecond=0)
    over_midnight = begins > ends
    inside = (at >= begins or at < ends) if over_midnight else begins <= at < ends
    if not inside:
        return 0.0
    day = here.date() + timedelta(days=1 if over_midnight and at >= begins else 0)
    return datetime.combine(day, ends, here.tzinfo).timestamp()

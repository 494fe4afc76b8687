# The dates of a series by python3-dateutil and zoneinfo, and which of them its meeting stands on, by the words of
# doc/decisions.md. It knows nothing of convoke, rrule-go or Go's time. Each question and each answer is one line of JSON;
# times are Unix seconds, and clocks on the wall are written as in iCalendar.
import json, sys
from bisect import bisect_right
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from dateutil.rrule import rrulestr

EARLY = 15 * 60


def clock(text):
    return datetime.strptime(text, "%Y%m%dT%H%M%S")


def unix(wall, zone):
    return int(wall.replace(tzinfo=ZoneInfo(zone), fold=0).timestamp())


def end(start, minutes, zone):
    """So many minutes later on the wall: a date keeps its end as people see it."""
    shown = datetime.fromtimestamp(start, ZoneInfo(zone)).replace(tzinfo=None)
    return unix(shown + timedelta(minutes=minutes), zone)


def dates(series, last):
    """(start, id, end, title) of all dates that take place, in order."""
    zone = series["zone"]
    starts = {unix(clock(series["start"]), zone)}
    for wall in rrulestr(series["rule"], dtstart=clock(series["start"])):
        at = unix(wall, zone)
        if at > last or series["until"] and at > series["until"]:
            break
        starts.add(at)
    starts |= {unix(clock(d), zone) for d in series["rdates"] or []}
    starts -= {unix(clock(d), zone) for d in series["exdates"] or []}
    found = {at: (at, at, end(at, series["minutes"], zone), series["title"]) for at in starts}
    for o in series["overrides"] or []:
        at, start = unix(clock(o["id"]), zone), unix(clock(o["start"]), o["zone"])
        over = unix(clock(o["start"]) + timedelta(minutes=o["minutes"]), o["zone"])
        found[at] = (start, at, over, o["title"])
        if o["cancelled"]:
            del found[at]
    return sorted(found.values())


def window(dates, now, linger):
    current = [d for d in dates if d[2] + linger > now]
    begun = [d for d in current if d[0] - EARLY <= now]
    return begun[-1] if begun else current[0] if current else None


def follow(standing, dates, now, linger):
    """Where the meeting is moved to: no call is spent on a date that is over, unless another one would be wrong."""
    to = window(dates, now, linger)
    if to and to[2] <= now and (standing is None or standing[0] != to[0]):
        to = window(dates, now, 0)
    if to is None and standing and standing[2] > now:
        to = ([standing] + [d for d in dates if d[2] <= now])[-1]
    if to is None or standing and to[2] <= now and standing[2] <= now:
        return standing
    return to


def answer(q):
    last = q["times"][-1]
    versions = [(s["since"], dates(s, last + 400 * 86400)) for s in q["versions"]]
    told, standing, before = [], None, None
    for i, now in enumerate(q["times"]):
        known = versions[bisect_right([since for since, _ in versions], now) - 1][1]
        chosen = window(known, now, q["linger"])
        standing = follow(standing, known, now, q["linger"])
        if (chosen, standing) != before:
            told.append({"from": i, "window": chosen, "meeting": standing})
            before = (chosen, standing)
    return told


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)

"""Prints what was measured as aligned tables."""

from subjects import Subject

GAP = "  "


def print_report(subjects, skipped, tasks, loads):
    print("load average: " + ", ".join(f"{load:.1f}" for load in loads) + "\n")
    by_name = {subject.name: subject for subject in subjects}
    show("ms, median of rounds", subjects, tasks, lambda s, t: s.median(t.name), ms)
    show("ms, fastest pass", subjects, tasks, lambda s, t: s.fastest(t.name), ms)
    show("tokens/s, median", subjects, [t for t in tasks if not t.head],
         lambda s, t: over(1e3 * t.tokens * t.texts, s.median(t.name)), "{:.0f}".format)
    for base in ("Thimble pinned", "Thimble streamed"):
        own, others = by_name[base], [s for s in subjects if s.name != base]
        for what, time in (("median", Subject.median), ("fastest", Subject.fastest)):
            show(f"peer / {base}, {what}", others, tasks,
                 lambda s, t: over(time(s, t.name), time(own, t.name)), "{:.2f}".format)
    columns = ["model MB", "private MiB", "with head", "peak RSS", "relative error"]
    values = lambda s: [over(s.file, 1e6), s.private, s.private_head, s.peak, s.error]
    formats = ["{:.0f}".format] * 4 + ["{:.2g}".format]
    print_table([["files, memory, error", *columns]] + [
        [s.name, *(cell(v, f) for v, f in zip(values(s), formats))] for s in subjects])
    for name, reason in skipped.items():
        print(f"skipped {name}: {reason}")


def show(title, subjects, tasks, value, text):
    print_table([[title] + [task.title for task in tasks]] + [
        [subject.name] + [cell(value(subject, task), text) for task in tasks]
        for subject in subjects])


def over(value, base):
    return None if value is None or base is None else value / base


def ms(value):
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def cell(value, text):
    return "-" if value is None else text(value)


def print_table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        numbers = (f"{c:>{w}}" for c, w in zip(row[1:], widths[1:]))
        print(GAP.join([f"{row[0]:<{widths[0]}}", *numbers]))
    print()

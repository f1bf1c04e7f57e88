#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run bindery's tests in virtual machines with real IOMMU groups, on the
stock kernels of Debian. See README.md here."""

import argparse
import errno
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alarms
import bench
import coverage
import debug
import dkms
import guest
import kernels
import machine as machines
import modules
import report
import roots
import suite
import torture
from common import NEEDS, Failure, cache, forget_unused, say, size
from guest import Contents


def cmd_needs(_args) -> int:
    print(" ".join(NEEDS))
    return 0


def cmd_fetch(args) -> int:
    for name in args.kernel:
        kernel = kernels.get(name)
        roots.get(kernel.release)
        say(f"{name}: {kernel.version}, of {kernel.release}")
    roots.get(roots.QEMU_RELEASE)
    forget_unused()
    say(f"cache: {size(cache())}")
    return 0


def cmd_build(args) -> int:
    for name in args.kernel:
        for path in modules.build(kernels.get(name), args.variables):
            print(os.path.relpath(path))
    return 0


def choose(machine: machines.Machine, args) -> tuple[machines.Program, ...]:
    """The programs of a machine that were asked for. A machine and a
    program both named go together even if the machine does not list it."""
    own = machine.all_programs(args.soak)
    if not args.program:
        return tuple(own)
    chosen = [p for p in own if p.name in args.program]
    if args.machine:
        listed = {p.name for p in chosen}
        chosen += [machines.Program(name, machine.timeout)
                   for name in args.program if name not in listed]
    return tuple(chosen)


def cmd_test(args) -> int:
    end = float("inf") if args.minutes is None else \
        time.monotonic() + args.minutes * 60
    wanted = [machines.load(name)
              for name in args.machine or machines.names()]
    boots = [kernels.get(name) for name in args.kernel]
    for kernel in boots:
        modules.build(kernel, [])
    jobs = [part for machine in wanted for kernel in boots
            if (programs := tuple(program for program in choose(machine, args)
                                  if kernel.labels.isdisjoint(program.not_on)))
            for part in suite.Job(machine, kernel, programs,
                                  args.soak).parts()]
    if not jobs:
        raise Failure("no machine runs any of that")
    for job in jobs:
        suite.contents(job.machine, job.kernel, job.programs)
    with ThreadPoolExecutor(1) as beside:
        installed = beside.submit(dkms.run) if args.dkms else None
        results, reruns = suite.run_all(jobs, end)
        if not results:
            raise Failure(f"no guest began within {args.minutes:g} minutes")
        if installed:
            results += installed.result()
    if args.alarms:
        results += alarms.run_all(boots)
    results += [added(path) for path in args.add]
    return summary(results, reruns)


def cmd_coverage(args) -> int:
    """All programs where lines are counted; then what that amounts to."""
    kernel = kernels.get(args.kernel[0])
    coverage.forget(kernel)
    status = cmd_test(args)
    print("\n".join(coverage.report(kernel)))
    return status


def cmd_bench(args) -> int:
    boots = [kernels.get(name) for name in args.kernel]
    for kernel in boots:
        modules.build(kernel, [])
    return bench.run_all(boots, args.rounds, args.real_time)


def cmd_torture(args) -> int:
    boots = [kernels.get(name) for name in args.kernel]
    for kernel in boots:
        modules.build(kernel, [])
    return summary(*torture.run_all(boots, args.seed, args.minutes,
                                    args.seconds, args.machine))


def cmd_dkms(_args) -> int:
    return summary(dkms.run(), suite.Reruns())


def added(path: Path) -> report.Result:
    """The TAP output of a program that ran on the host."""
    try:
        text = path.read_text()
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error
    return report.Result("host", "host",
                         [report.parse_tap(path.stem, text)])


def summary(results: list[report.Result], reruns: suite.Reruns) -> int:
    """The tables, and the last line that machines read."""
    ran = {result.kernel for result in results}
    sections = {
        "Requirements": report.requirement_table(results),
        "Skipped": report.skip_lines(results),
        "Run again, alone": reruns.starved,
        "Unsteady: failed, but not when run again alone": reruns.unsteady,
        "Data races of the kernel's own": report.race_lines(results),
        "Failed": [line for r in results for line in report.details(r)],
        "Seconds, of which a processor's": [
            timing(r) for r in results if r.seconds],
        "Left out for want of time": reruns.late,
        "Debug kernels left out": left_out(ran),
    }
    for title, lines in sections.items():
        if lines:
            print(f"{title}:", *(f"  {line}" for line in lines), "",
                  sep="\n")
    passed, failed, skipped = report.totals(results)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if passed and not failed else 1


def left_out(ran: set[str]) -> list[str]:
    """If debug kernels ran, the other ones, and whether they would have to
    be built first."""
    if ran.isdisjoint(debug.NAMES):
        return []
    return [name + ("" if kernels.is_cached(name) else ": not built yet")
            for name in debug.NAMES if name not in ran]


def timing(result: report.Result) -> str:
    """How long a guest took, and its programs."""
    programs = ", ".join(
        f"{program.name} {program.seconds:.1f}/{program.cpu:.1f}"
        for program in result.programs)
    return f"{result.place}: {result.seconds:.1f}/{result.cpu:.1f} " \
           f"({programs})"


def cmd_demo(args) -> int:
    """One program, its output shown as it comes."""
    machine, kernel = machines.load(args.machine), kernels.get(args.kernel)
    modules.build(kernel, [])
    job = suite.Job(machine, kernel,
                    (machines.Program(args.program, machine.timeout),))

    def watch(record):
        if record.kind == "out":
            sys.stdout.write(record.text)
            sys.stdout.flush()

    run = guest.start(machine, kernel,
                      suite.contents(machine, kernel, job.programs),
                      job.limits, watch)
    if run.ending or run.texts("error"):
        raise Failure("\n".join([*run.texts("error"), run.ending,
                                 run.console]))
    return 0 if run.texts("exit", 0)[0].startswith("status=0 ") else 1


def cmd_fuzz(args) -> int:
    """The fuzzer alone, its progress shown live, judged like any program."""
    machine, kernel = machines.load("fuzz"), kernels.get(args.kernel)
    modules.build(kernel, [])
    seed = secrets.randbits(32) if args.seed is None else args.seed
    line = f"SEED={seed} MINUTES={args.minutes} fuzz"
    job = suite.Job(machine, kernel, (
        machines.Program(line, args.minutes * 60 + machine.timeout),))

    rest = ""

    def watch(record):
        nonlocal rest
        if record.kind == "out":
            *lines, rest = (rest + record.text).split("\n")
            sys.stdout.writelines(f"{line}\n" for line in lines
                                  if not line.startswith("# netlink"))
            sys.stdout.flush()

    run = guest.start(machine, kernel,
                      suite.contents(machine, kernel, job.programs),
                      job.limits, watch)
    suite.keep_logs(job, run, job.logs)
    return summary([suite.evaluate(job, run)], suite.Reruns())


def cmd_inspect(args) -> int:
    """What a machine looks like to its kernel."""
    failed = False
    for machine_name in args.machine or machines.names():
        machine = machines.load(machine_name)
        for name in args.kernel:
            kernel = kernels.get(name)
            plan = guest.plan(machine, [], False, kernel.needs.slowness)
            run = guest.start(machine, kernel,
                              Contents(plan, modules.built(kernel)), [])
            print(f"{machine.name}, kernel {name}: {machine.description} "
                  f"({run.seconds:.1f} s)")
            result = suite.evaluate(
                suite.Job(machine, kernel, ()), run)
            show_devices(run)
            for line in report.details(result):
                print(f"  {line}")
            failed |= bool(result.failed)
    return 1 if failed else 0


def show_devices(run: guest.Run) -> None:
    listed = sorted(suite.devices(run), key=lambda d: (
        int(d.group) if d.group.isdigit() else -1, d.bdf))
    for device in listed:
        print(f"  group {device.group:>3}  {device.bdf}  "
              f"{device.driver:<12} {device.kind}  {device.identity}")


def cmd_shell(args) -> int:
    """A console in a guest; everything built is there."""
    machine, kernel = machines.load(args.machine), kernels.get(args.kernel)
    things = suite.contents(machine, kernel, ())
    if not things.modules:
        things.plan = guest.plan(machine, [], False, kernel.needs.slowness)
    things.plan += "shell\n"
    if suite.SELFTESTS.is_dir():
        things.programs.update(
            (f"tests/{path.name}", path)
            for path in suite.SELFTESTS.iterdir()
            if path.is_file() and os.access(path, os.X_OK))
    run = guest.start(machine, kernel, things, None)
    if run.ending:
        raise Failure(run.ending)
    return 0


def assignment(text: str) -> str:
    """A make variable; anything else make would take for a target."""
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return text


MAX_MINUTES = 10080
MAX_SEED = 4294967295


def between(kind, least, most):
    """A type of argument: a number with limits."""
    def number(text: str):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text}: from {least} to {most} is wanted")
        return value
    return number


def several(parser, option: str, choices, text: str) -> None:
    """An option that takes one or more values."""
    parser.add_argument(
        f"--{option}", choices=choices, metavar=option[0].upper(),
        nargs="+", action="extend",
        help=text + (f": {', '.join(choices)}" if choices else ""))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(function, text):
        name = function.__name__.removeprefix("cmd_")
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(function=function)
        return made

    command(cmd_needs, "print the host packages needed")
    fetch = command(cmd_fetch, "download kernels and root file systems")
    build = command(cmd_build, "build the modules")
    test = command(cmd_test, "run test programs in guests")
    counted = command(cmd_coverage, "which lines of the module run")
    fuzz = command(cmd_fuzz, "run the fuzzer of the interface")
    timed = command(cmd_bench, "time bindery against writes to sysfs")
    tortured = command(cmd_torture, "do everything at random, for long")
    command(cmd_dkms, "install, try and remove the module with dkms")
    inspect = command(cmd_inspect, "show the IOMMU groups of machines")
    shell = command(cmd_shell, "an interactive console in a guest")
    demo = command(cmd_demo, "run one program and show its output")

    stock, all_machines = list(kernels.RELEASES), machines.names()
    every = [*stock, *debug.NAMES]
    for each in (fetch, test, inspect):
        several(each, "kernel", every, "kernels, all stock ones by default")
    counted.set_defaults(kernel=[coverage.KERNEL], program=None, add=[],
                         soak=False, dkms=False, alarms=False, minutes=None)
    for each in (test, counted, inspect):
        several(each, "machine", all_machines, "machines, all by default")
    for each in (shell, demo):
        each.add_argument("--machine", default="slot", choices=all_machines)
        each.add_argument("--kernel", default="newest", choices=every)
    build.add_argument("--kernel", action="append", choices=every,
                       metavar="K", help="a kernel, may be repeated")
    build.add_argument("variables", nargs="*", metavar="NAME=VALUE",
                       type=assignment, help="passed on to make")
    several(test, "program", None, "programs, all by default")
    test.add_argument("--add", type=Path, action="append", default=[],
                      metavar="FILE",
                      help="TAP output of host tests, to be counted too")
    test.add_argument("--soak", action="store_true",
                      help="what runs for hours, instead of the programs")
    test.add_argument("--dkms", action="store_true",
                      help="also what the command dkms does")
    test.add_argument("--alarms", action="store_true",
                      help="also whether debug kernels notice mistakes")
    test.add_argument("--minutes", type=between(float, 0, MAX_MINUTES),
                      metavar="N",
                      help="N minutes from now, with what has to be built, "
                           "begin with no guest any more")
    demo.add_argument("--program", default="demo")
    fuzz.add_argument("--kernel", default="6.12-kasan", choices=every)
    fuzz.add_argument("--minutes", type=between(int, 1, MAX_MINUTES),
                      default=1, metavar="N")
    fuzz.add_argument("--seed", type=between(int, 1, MAX_SEED), metavar="N",
                      help="of an earlier run; by chance by default")
    several(timed, "kernel", every, "kernels, all stock ones by default")
    timed.add_argument("--real-time", action="store_true",
                       help="by the host's clock, also when emulated")
    timed.add_argument("--rounds", nargs=2, type=between(int, 1, 100000),
                       default=(5, 101),
                       metavar=("MANY", "ONE"),
                       help="rounds with many devices, and with one")

    several(tortured, "kernel", every, "kernels, all by default")
    several(tortured, "machine", all_machines, "machines to choose from")
    tortured.add_argument("--seed", type=between(int, 1, MAX_SEED),
                          help="decides all that chance does; else a new one")
    tortured.add_argument("--minutes", default=5,
                          type=between(float, 0, MAX_MINUTES),
                          help="on each kernel; 0: one episode")
    tortured.add_argument("--seconds", metavar="N",
                          type=between(int, 1, 60 * MAX_MINUTES),
                          help=f"of an episode: {torture.EPISODE_SECONDS}, "
                               "more on a slow kernel")

    args = parser.parse_args(arguments)
    if "kernel" in args and args.kernel is None:
        args.kernel = stock
    # Twice the same would be two guests with one place for their logs.
    for name in ("kernel", "machine", "program"):
        if isinstance(vars(args).get(name), list):
            setattr(args, name, list(dict.fromkeys(vars(args)[name])))
    return args


def main() -> int:
    args = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return args.function(args)
    except Failure as failure:
        say(f"error: {failure}")
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        say(f"error: {error}: BINDERY_CACHE moves the cache, BINDERY_WORK "
            "what else is written")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

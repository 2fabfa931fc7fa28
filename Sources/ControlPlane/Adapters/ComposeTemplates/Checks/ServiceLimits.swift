/// Bounds of what a template may ask the engine for: what lies beyond them the engine or the kernel refuses, at the
/// creation of a container or at its start.
enum ServiceLimits {
    /// Sizes of memory, shared memory and file systems in memory, in bytes.
    static let memoryBytes = 0...(1 << 50)
    /// The limit, as messages name it.
    static let memoryText = "at most 1024 TiB"
    /// The least memory that the engine gives a container, in bytes.
    static let memoryBytesMin = 6 << 20
    /// Processors; the engine counts in hundredths of one.
    static let processors = 0.01...1_024.0
    /// Relative weights of processor time.
    static let processorShares = 2...262_144
    /// Processes and threads; the kernel knows no more.
    static let processes = 1...4_194_304
    /// Seconds between the signal that stops a container and its end by force.
    static let stopSecondsMax = 3_600
    /// Restarts by the engine.
    static let restarts = 0...1_000_000
    /// Limits of a process, as `ulimit` has them.
    static let ulimit = 0...(1 << 50)

    /// The names of limits that the engine knows.
    static let ulimitNames: Set<String> = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ]

    /// The names of signals that the engine knows, without `SIG`.
    static let signals: Set<String> = [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
        "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
        "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
    ]
    static let signalNumbers = 1...64
}

/// Whether a service's numbers lie within ``ServiceLimits`` and agree with one another.
struct LimitCheck {
    let service: ComposeService
    let log: ProblemLog

    func run() {
        checkMemory()
        checkProcessors()
        if let limit = service.processLimit, limit != -1, limit != 0, !ServiceLimits.processes.contains(limit) {
            fail("pids_limit", "must be -1 or from 1 to \(ServiceLimits.processes.upperBound)")
        }
        if let period = service.stopGracePeriod, period > .seconds(ServiceLimits.stopSecondsMax) {
            fail("stop_grace_period", "must be at most \(ServiceLimits.stopSecondsMax) seconds")
        }
        if case .onFailure(let retries?) = service.restart, !ServiceLimits.restarts.contains(retries) {
            fail("restart", "must be at most \(ServiceLimits.restarts.upperBound) restarts")
        }
        if let signal = service.stopSignal, !Self.isSignal(signal) {
            fail("stop_signal", "\"\(signal)\" is no signal of Linux, such as SIGTERM")
        }
        checkUlimits()
    }

    private func checkMemory() {
        let sizes = [
            ("mem_limit", service.memoryLimitBytes), ("mem_reservation", service.memoryReservationBytes),
            ("memswap_limit", service.memSwapLimitBytes == -1 ? nil : service.memSwapLimitBytes),
            ("shm_size", service.shmSizeBytes),
        ]
        for (key, size) in sizes where size.map(ServiceLimits.memoryBytes.contains) == false {
            fail(key, "must be \(ServiceLimits.memoryText)")
        }
        let limit = service.memoryLimitBytes ?? 0
        if limit > 0, limit < ServiceLimits.memoryBytesMin {
            fail("mem_limit", "the engine gives a container at least \(ServiceLimits.memoryBytesMin) bytes")
        }
        if let reservation = service.memoryReservationBytes, limit > 0, reservation > limit {
            fail("mem_reservation", "must not be more than the memory limit")
        }
        if let both = service.memSwapLimitBytes, both > 0, both < limit || limit == 0 {
            fail("memswap_limit", "is memory and swap together: it needs a memory limit, and must not be below it")
        }
    }

    private func checkProcessors() {
        if let limit = service.cpuLimit, limit != 0, !ServiceLimits.processors.contains(limit) {
            fail("cpus", "must be from 0.01 to \(Int(ServiceLimits.processors.upperBound)) processors")
        }
        if let shares = service.cpuShares, shares != 0, !ServiceLimits.processorShares.contains(shares) {
            let range = ServiceLimits.processorShares
            fail("cpu_shares", "must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    private func checkUlimits() {
        for (name, limit) in service.ulimits.sorted(by: { $0.key < $1.key }) {
            guard ServiceLimits.ulimitNames.contains(name) else {
                let known = ServiceLimits.ulimitNames.sorted().joined(separator: ", ")
                fail("ulimits.\(name)", "the engine knows no such limit; there are \(known)")
                continue
            }
            let values = [limit.soft, limit.hard]
            if values.contains(where: { $0 != -1 && !ServiceLimits.ulimit.contains($0) }) {
                fail("ulimits.\(name)", "must be -1 or from 0 to \(ServiceLimits.ulimit.upperBound)")
            } else if limit.hard != -1, limit.soft == -1 || limit.soft > limit.hard {
                fail("ulimits.\(name)", "soft must not be more than hard")
            }
        }
    }

    private static func isSignal(_ text: String) -> Bool {
        if let number = Int(text) { return ServiceLimits.signalNumbers.contains(number) }
        let upper = text.uppercased()
        let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        return ServiceLimits.signals.contains(name) || name.hasPrefix("RTMIN") || name.hasPrefix("RTMAX")
    }

    private func fail(_ key: String, _ reason: String) {
        log.add(.invalid, path: "services.\(service.name).\(key)", reason)
    }
}

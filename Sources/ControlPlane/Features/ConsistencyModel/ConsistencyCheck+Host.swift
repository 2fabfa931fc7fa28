import Orchestrator
import ProjectModel

/// Rules about what the manager stands on: database, engine, disk and kernel.
extension ConsistencyCheck {
    /// A round trip to the database that takes longer makes every request slow.
    static let latencyMax: Duration = .milliseconds(500)
    /// Oldest PostgreSQL that keeps the manager's state: 14.
    static let databaseVersionMin = 140_000
    /// Free bytes below which a stack's database can be expected to stop: 1 GiB.
    static let freeBytesMin: UInt64 = 1 << 30
    /// Free bytes below which the next project may not fit, images included: 10 GiB.
    static let freeBytesWanted: UInt64 = 10 << 30
    /// Watchers that a few dozen stacks need; the kernel's own default.
    static let inotifyInstancesMin = 128
    /// Open files that the manager needs for connections, probes and logs of a few hundred containers.
    static let openFilesMin = 1_024

    static let hostRules: [Rule] = [
        Rule(id: "database.fit", whenWell: "the database answers quickly and is new enough", violations: databaseFit),
        Rule(id: "engine.fit", whenWell: "the engine answers", violations: engineFit),
        Rule(id: "disk.space", whenWell: "there is room on the disks", violations: diskSpace),
        Rule(
            id: "kernel.ports", whenWell: "no leased port lies among those of outgoing connections",
            violations: ephemeralLeases),
        Rule(
            id: "kernel.limits", whenWell: "the kernel forwards packets and has limits high enough",
            violations: kernelLimits),
        Rule(
            id: "network.rules",
            whenWell: "packet filter rules keep projects apart from each other, the host and its network",
            violations: networkRules),
    ]

    static func networkRules(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        switch facts.networkRules {
        case .notAsked: return nil
        case .known(let shortcomings) where shortcomings.isEmpty: return []
        case .known(let shortcomings):
            return [
                ConsistencyFinding(
                    "network.rules", .error,
                    found: "projects are not reliably kept apart: containers of one project reach those of another, of "
                        + "other organizations, too, in moments when the engine makes a network; containers reach "
                        + "this host and the addresses of a cloud's credentials, and neighbours may reach containers, "
                        + "at any time: \(shortcomings.joined(separator: "; "))",
                    advice: "run supamanager network-rules install as root, or start the manager as root with "
                        + "--network-rules install; network-rules print shows the rules, and --network-rules off does "
                        + "without them")
            ]
        case .failed(let reason):
            return [
                ConsistencyFinding(
                    "network.rules", .warning,
                    found: "it is unknown whether packet filter rules keep projects apart from each other and from the "
                        + "host: \(reason)",
                    advice: "run supamanager network-rules check as root, or start the manager with --network-rules "
                        + "off if something else guards the host")
            ]
        }
    }

    static func databaseFit(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let database = facts.database.value else { return nil }
        var violations: [ConsistencyFinding] = []
        if database.version < databaseVersionMin {
            violations.append(
                ConsistencyFinding(
                    "database.fit", .error, subject: "version",
                    found:
                        "the manager's PostgreSQL is version \(database.version / 10_000), and 14 is the oldest that "
                        + "it knows",
                    advice: "update PostgreSQL with pg_upgrade, or let the manager run a private one"))
        }
        if database.latency > latencyMax {
            let milliseconds = Int64(database.latency / .milliseconds(1))
            violations.append(
                ConsistencyFinding(
                    "database.fit", .warning, subject: "latency",
                    found: "a round trip to the manager's database takes \(milliseconds) ms",
                    advice: "check the load of the database's machine, and the network to it"))
        }
        return violations
    }

    /// An engine whose version is not supported refuses the conversation before there is anything to judge.
    static func engineFit(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        facts.engine.value.map { engine in
            [
                ConsistencyFinding(
                    "engine.fit", .ok, subject: engine.version,
                    found: "\(facts.settings.words.engine) \(engine.version) answers, by API \(engine.apiVersion)")
            ]
        }
    }

    // MARK: Disk

    static func diskSpace(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        facts.disks.value?.compactMap { disk in
            guard disk.freeBytes < freeBytesWanted else { return nil }
            let isFull = disk.freeBytes < freeBytesMin
            return ConsistencyFinding(
                "disk.space", isFull ? .error : .warning, subject: disk.path,
                found: "\(mebibytes(disk.freeBytes)) of \(mebibytes(disk.totalBytes)) are free under \(disk.path) "
                    + "(\(disk.purpose))",
                advice: isFull
                    ? "databases stop when the disk is full: make room now, for instance by deleting projects and "
                        + "unused images"
                    : "make room before the next project: a stack's images and data take several GiB")
        }
    }

    private static func mebibytes(_ bytes: UInt64) -> String { "\(bytes >> 20) MiB" }

    // MARK: Kernel

    static func ephemeralLeases(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let kernel = facts.kernel.value, let ephemeral = kernel.ephemeralPorts else { return nil }
        let ports = facts.settings.ports
        let advice =
            "narrow the kernel's range, for instance sysctl -w net.ipv4.ip_local_port_range='32768 49151', or set "
            + "\(facts.settings.words.portsOption) to ports outside of \(ephemeral)"
        if ephemeral.bounds.lowerBound <= ports.bounds.lowerBound,
            ports.bounds.upperBound <= ephemeral.bounds.upperBound
        {
            return [
                ConsistencyFinding(
                    "kernel.ports", .warning, subject: "\(ports)",
                    found: "all ports to lease, \(ports), are among those that the kernel gives to outgoing "
                        + "connections, \(ephemeral): any of them may be taken when a project starts",
                    advice: advice)
            ]
        }
        return (facts.projects.value ?? []).compactMap { project in
            let shared = (project.leases?.ports.values.filter(ephemeral.bounds.contains) ?? []).sorted()
            guard !shared.isEmpty else { return nil }
            return ConsistencyFinding(
                "kernel.ports", .warning, project: project.ref,
                found: "project \(project.ref) leases \(shared.map(String.init).joined(separator: ", ")), which the "
                    + "kernel may give to an outgoing connection while the project is paused",
                advice: advice)
        }
    }

    static func kernelLimits(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let kernel = facts.kernel.value else { return nil }
        var violations: [ConsistencyFinding] = []
        if kernel.forwardsIPv4 == false {
            violations.append(
                ConsistencyFinding(
                    "kernel.limits", .error, subject: "net.ipv4.ip_forward",
                    found: "the kernel does not forward packets (net.ipv4.ip_forward is 0): containers have no network",
                    advice: "sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d to keep it"))
        }
        if let count = kernel.inotifyInstances, count < inotifyInstancesMin {
            violations.append(
                ConsistencyFinding(
                    "kernel.limits", .warning, subject: "fs.inotify.max_user_instances",
                    found: "fs.inotify.max_user_instances is \(count): containers of several projects share it",
                    advice: "sysctl -w fs.inotify.max_user_instances=512, and in /etc/sysctl.d to keep it"))
        }
        if let count = kernel.openFilesMax, count < openFilesMin {
            violations.append(
                ConsistencyFinding(
                    "kernel.limits", .warning, subject: "open files",
                    found: "the manager may have \(count) files open at once, connections included",
                    advice: "raise the limit to \(openFilesMin) or more: \(facts.settings.words.openFilesOption)"))
        }
        return violations
    }
}

import Orchestrator
import ProjectModel

/// Rules about what the engine and the host's network hold: images, ports and addresses.
extension ConsistencyCheck {
    static let engineRules: [Rule] = [
        Rule(
            id: "images.present", whenWell: "the engine has all images of the stacks in use", violations: missingImages),
        Rule(id: "ports.own", whenWell: "no other program listens on a leased port", violations: strangersOnPorts),
        Rule(id: "subnets.free", whenWell: "no foreign network overlaps ours", violations: overlappingNetworks),
        Rule(
            id: "subnets.pools", whenWell: "the engine's own address pools keep clear of ours",
            violations: overlappingPools),
    ]

    static func missingImages(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        facts.missingImages.value?.sorted().map { image in
            let words = facts.settings.words
            return ConsistencyFinding(
                "images.present", .warning, subject: image.name,
                found: "the engine does not have the image \(image.name) of a stack in use",
                advice: image.isPulled
                    ? "the next project to use it pulls it first. Pull it now: \(words.engineCommand) pull \(image.name)"
                    : "it is built on this host, and no container can be created from it before that: \(words.imagesAreMade)"
            )
        }
    }

    // MARK: Ports

    static func strangersOnPorts(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let projects = facts.projects.value, let engine = facts.engine.value,
            let listening = facts.listening.value
        else { return nil }
        var publishers: [UInt16: [EngineInventory.Container]] = [:]
        for container in engine.containers {
            for port in container.hostPorts { publishers[port, default: []].append(container) }
        }
        return projects.flatMap { project in
            (project.leases?.ports ?? [:]).sorted { $0.value < $1.value }.compactMap { variable, port in
                stranger(on: port, listening.contains(port), publishers[port] ?? [], of: project.ref).map { who in
                    ConsistencyFinding(
                        "ports.own", .error, project: project.ref, subject: "port \(port)",
                        found: "\(who) on port \(port), which project \(project.ref) has leased as \(variable): the "
                            + "project cannot publish it",
                        advice: "find out who it is with ss -ltnp 'sport = :\(port)' and stop it, or let the project "
                            + "start: it then leases another port")
                }
            }
        }
    }

    /// The foreign listener on a leased port; nil when there is none.
    private static func stranger(
        on port: UInt16, _ isListening: Bool, _ publishers: [EngineInventory.Container], of ref: ProjectRef
    ) -> String? {
        if let foreign = publishers.first(where: { $0.owner != .project(ref) }) {
            return "the container \(foreign.name) listens"
        }
        return isListening && publishers.isEmpty ? "a process that is no container of the engine listens" : nil
    }

    // MARK: Addresses

    static func overlappingNetworks(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let engine = facts.engine.value else { return nil }
        let (pool, option) = (facts.settings.subnets, facts.settings.words.subnetsOption)
        let strangers = engine.networks.filter { $0.owner == .stranger }
        let own = engine.networks.filter { $0.owner != .stranger }.flatMap(\.subnets)
        let networks = strangers.flatMap { network in
            network.subnets.filter(pool.overlaps).map {
                overlap(of: "the engine's network \(network.name)", subnet: $0, pool: pool, option: option)
            }
        }
        // The engine's bridges are routes too: a reported network is not reported again.
        let known = Set(own + strangers.flatMap(\.subnets))
        let routes = (facts.routes.value ?? []).filter { route in
            pool.overlaps(route) && !known.contains(route)
        }
        return networks
            + routes.sorted().map { overlap(of: "a route of the host", subnet: $0, pool: pool, option: option) }
    }

    private static func overlap(
        of who: String, subnet: IPv4Network, pool: IPv4Network, option: String
    ) -> ConsistencyFinding {
        let isCovered = subnet.base <= pool.base && pool.last <= subnet.last
        return ConsistencyFinding(
            "subnets.free", isCovered ? .error : .warning, subject: "\(subnet)",
            found: "\(who) uses \(subnet), which \(isCovered ? "covers all of" : "overlaps") the pool \(pool)",
            advice: isCovered
                ? "no project can get a subnet: set \(option) to unused addresses"
                : "new projects keep clear of it, so that fewer fit. Set \(option) to unused addresses if "
                    + "they run out")
    }

    static func overlappingPools(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let engine = facts.engine.value else { return nil }
        let (pool, words) = (facts.settings.subnets, facts.settings.words)
        return engine.addressPools.filter(pool.overlaps).sorted().map { theirs in
            ConsistencyFinding(
                "subnets.pools", .warning, subject: "\(theirs)",
                found:
                    "the engine gives networks of others addresses out of \(theirs), which overlaps the pool \(pool)",
                advice: "another network may take a subnet before a project does. Set \(words.subnetsOption), or "
                    + "\(words.enginePools), to addresses of their own")
        }
    }
}

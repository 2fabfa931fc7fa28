import Orchestrator
import ProjectModel
import Reconciler

/// Rules about projects: their leases, containers, folders, secrets and trails.
extension ConsistencyCheck {
    static let projectRules: [Rule] = [
        Rule(id: "leases.unique", whenWell: "no port and no subnet has two owners", violations: sharedLeases),
        Rule(id: "leases.released", whenWell: "no deleted project holds a lease", violations: heldByDeleted),
        Rule(
            id: "containers.running", whenWell: "every ACTIVE project has its containers", violations: missingContainers
        ),
        Rule(
            id: "objects.removed", whenWell: "the engine holds nothing of deleted projects", violations: leftObjects),
        Rule(
            id: "objects.known", whenWell: "everything of this installation on the engine has a project",
            violations: orphanObjects),
        Rule(id: "folders.present", whenWell: "every project has its folder", violations: missingFolders),
        Rule(id: "folders.known", whenWell: "every folder has its project", violations: orphanFolders),
        Rule(id: "secrets.readable", whenWell: "the master key opens all secrets", violations: unreadableSecrets),
        Rule(id: "audit.whole", whenWell: "the audit trails end in whole chains", violations: brokenTrails),
    ]

    // MARK: Leases

    static func sharedLeases(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let holders = facts.holders.value else { return nil }
        let advice = "pause one of the two projects and report this: the database should have refused it"
        var violations: [ConsistencyFinding] = []
        let byThing = Dictionary(grouping: holders, by: \.thing).filter { $0.value.count > 1 }
        for (thing, owners) in byThing.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let names = owners.map(\.ref.text).sorted().joined(separator: " and ")
            violations.append(
                ConsistencyFinding(
                    "leases.unique", .error, project: owners.map(\.ref).min(), subject: thing.text,
                    found: "\(thing.text) is leased to \(names)", advice: advice))
        }
        let subnets = holders.compactMap { holder in holder.thing.subnet.map { (holder.ref, $0) } }
            .sorted { $0.1 < $1.1 }
        // Sorted by their first address, only neighbours can overlap a later one.
        for ((ref, subnet), (other, next)) in zip(subnets, subnets.dropFirst())
        where subnet != next && subnet.overlaps(next) {
            violations.append(
                ConsistencyFinding(
                    "leases.unique", .error, project: ref, subject: "subnet \(subnet)",
                    found: "subnet \(subnet) of \(ref) overlaps subnet \(next) of \(other)", advice: advice))
        }
        return violations
    }

    static func heldByDeleted(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        facts.holders.value?.filter { $0.status == .deleted }.map { holder in
            ConsistencyFinding(
                "leases.released", .error, project: holder.ref, subject: holder.thing.text,
                found: "\(holder.thing.text) is still leased to the deleted project \(holder.ref)",
                advice: "it stays reserved until its row is released in port_leases or subnet_leases: report this")
        }
    }

    // MARK: What the engine holds

    static func missingContainers(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let projects = facts.projects.value, let engine = facts.engine.value else { return nil }
        let containers = Dictionary(grouping: engine.containers, by: \.owner)
        return projects.filter { $0.status == .active }.flatMap { project in
            let own = containers[.project(project.ref)] ?? []
            return project.services.compactMap { missing($0, of: project.ref, own.first(for: $0)) }
        }
    }

    private static func missing(
        _ service: ServiceName, of ref: ProjectRef, _ container: EngineInventory.Container?
    ) -> ConsistencyFinding? {
        if let container, container.isRunning { return nil }
        let state = container.map { "the container \($0.name) does not run" } ?? "there is no container"
        return ConsistencyFinding(
            "containers.running", .error, project: ref, service: service, subject: container?.name,
            found: "project \(ref) is ACTIVE and \(state) of service \(service)",
            advice: "the manager should heal this within seconds: see its log, and "
                + "supamanager projects logs \(ref) \(service)")
    }

    static func leftObjects(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let projects = facts.projects.value, let engine = facts.engine.value else { return nil }
        let gone = Dictionary(uniqueKeysWithValues: projects.filter(\.isGone).map { ($0.ref, $0.status) })
        return engine.objects.compactMap { object in
            guard case .project(let ref) = object.owner, let status = gone[ref] else { return nil }
            // Volumes may be kept on purpose; those that are not, the loop removes whenever it sees them.
            if object.kind == "volume", status == .deleted { return nil }
            if object.kind == "network" { return heldNetwork(object.name, of: ref, status) }
            return ConsistencyFinding(
                "objects.removed", .error, project: ref, subject: object.name,
                found: "project \(ref) is \(status.rawValue) and the engine holds its \(object.kind) \(object.name)",
                advice: "inspect it, then remove it: "
                    + "\(facts.settings.words.engineCommand) \(object.kind) rm \(object.name)")
        }
    }

    /// The manager keeps trying to remove the network; the engine refuses.
    private static func heldNetwork(
        _ name: String, of ref: ProjectRef, _ status: ProjectStatus
    ) -> ConsistencyFinding {
        ConsistencyFinding(
            "objects.removed", .warning, project: ref, subject: name,
            found: "project \(ref) is \(status.rawValue) and the engine still has its network \(name)",
            advice: "the manager removes it as soon as the engine allows it. "
                + NetworkRefusals.advice(network: name))
    }

    static func orphanObjects(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let projects = facts.projects.value, let engine = facts.engine.value else { return nil }
        let known = Set(projects.map(\.ref))
        return engine.objects.compactMap { object in
            switch object.owner {
            case .stranger: return nil
            case .project(let ref) where known.contains(ref): return nil
            case .project, .nobody: break
            }
            return ConsistencyFinding(
                "objects.known", .warning, subject: object.name,
                found: "the \(object.kind) \(object.name) has this installation's label and belongs to no project",
                advice: "inspect it, then find its number with supamanager orphans list and remove it with "
                    + "supamanager orphans remove NUMBER")
        }
    }

    // MARK: Folders

    static func missingFolders(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let projects = facts.projects.value, let folders = facts.folders.value.map(Set.init) else { return nil }
        return projects.filter { $0.needsFolder && !folders.contains($0.ref.text) }.map { project in
            ConsistencyFinding(
                "folders.present", .error, project: project.ref, subject: project.ref.text,
                found: "project \(project.ref) is \(project.status.rawValue) and its folder "
                    + "\(facts.settings.projectsFolder)/\(project.ref) is gone: its containers mount files of it",
                advice: "restart the project: supamanager projects restart \(project.ref) writes the template's files "
                    + "again. Deployed functions are written from the database")
        }
    }

    static func orphanFolders(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let projects = facts.projects.value, let folders = facts.folders.value else { return nil }
        let statuses = Dictionary(uniqueKeysWithValues: projects.map { ($0.ref.text, $0.status) })
        return folders.sorted().compactMap { name in
            if let status = statuses[name], status != .deleted { return nil }
            let reason = statuses[name] == nil ? "there is no such project" : "the project is deleted"
            return ConsistencyFinding(
                "folders.known", .warning, project: statuses[name] == nil ? nil : ProjectRef(name), subject: name,
                found: "there is a folder \(facts.settings.projectsFolder)/\(name), and \(reason)",
                advice: "check its content, then remove it")
        }
    }

    // MARK: Secrets and trails

    static func unreadableSecrets(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        guard let secrets = facts.secrets.value else { return nil }
        return secrets.unreadable.map { ref in
            ConsistencyFinding(
                "secrets.readable", .error, project: ref,
                found: "the master key does not open the secrets of project \(ref) (\(secrets.unreadable.count) of "
                    + "\(secrets.checked) projects)",
                advice: "put the master key back with which the project was created, or restore the database from the "
                    + "same backup as the key")
        }
    }

    static func brokenTrails(_ facts: ConsistencyFacts) -> [ConsistencyFinding]? {
        facts.trails.value?.compactMap { trail in
            trail.damage.map { damage in
                ConsistencyFinding(
                    "audit.whole", .error, subject: trail.scope,
                    found: "the audit trail \(trail.scope) is broken: \(damage)",
                    advice: "the database was changed by hand: compare with a backup, and check the whole trail "
                        + "with supamanager audit verify")
            }
        }
    }
}

extension LeaseHolder.Thing {
    /// The lease's text form.
    var text: String {
        switch self {
        case .port(let port): "port \(port)"
        case .subnet(let subnet): "subnet \(subnet)"
        }
    }

    fileprivate var subnet: IPv4Network? { if case .subnet(let subnet) = self { subnet } else { nil } }
}

extension ProjectRecord {
    /// Nothing of it may be left on the engine, and no removal is in progress.
    fileprivate var isGone: Bool { status == .deleted || status == .failed }

    /// Its containers exist, so that their files must.
    fileprivate var needsFolder: Bool {
        switch status {
        case .active, .degraded, .pausing, .paused, .resuming, .restarting, .upgrading, .reverting, .restoring:
            true
        case .provisioning, .starting, .rollingBack, .failed, .deleting, .deleted: false
        }
    }
}

extension [EngineInventory.Container] {
    /// The container of a service; one that runs, where there are several.
    fileprivate func first(for service: ServiceName) -> EngineInventory.Container? {
        let own = filter { $0.service == service }
        return own.first(where: \.isRunning) ?? own.first
    }
}

extension EngineInventory {
    /// Any object, in the words of the `docker` command.
    fileprivate struct Object {
        let kind: String
        let name: String
        let owner: Owner
    }

    fileprivate var objects: [Object] {
        containers.map { Object(kind: "container", name: $0.name, owner: $0.owner) }
            + networks.map { Object(kind: "network", name: $0.name, owner: $0.owner) }
            + volumes.map { Object(kind: "volume", name: $0.name, owner: $0.owner) }
    }
}

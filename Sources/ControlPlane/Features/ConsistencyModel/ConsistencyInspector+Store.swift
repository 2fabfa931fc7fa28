import Orchestrator
import ProjectModel

/// Readings from the database.
extension ConsistencyInspector {
    func readStore(_ facts: inout ConsistencyFacts) async {
        facts.database = await reading { () async throws(StoreError) in try await database() }
        // One finding about a database that is away is enough.
        guard facts.database.value != nil else { return }
        let refs = named(facts)
        facts.projects = await reading { () async throws(StoreError) in try await projects(and: refs) }
        facts.holders = await reading { () async throws(StoreError) in
            try await sources.records.leaseHolders(limit: Self.leasesMax)
        }
        if let projects = facts.projects.value {
            facts.secrets = await reading { () async throws(StoreError) in try await secrets(of: projects) }
        }
        facts.trails = await reading { () async throws(StoreError) in try await trails() }
    }

    private func database() async throws(StoreError) -> ConsistencyFacts.Database {
        try await sources.store.ping()
        // The second one: the first may have had to connect.
        let began = ContinuousClock.now
        try await sources.store.ping()
        let latency = ContinuousClock.now - began
        return ConsistencyFacts.Database(latency: latency, version: try await sources.records.databaseVersion())
    }

    /// Refs that the engine or the disk names.
    private func named(_ facts: ConsistencyFacts) -> Set<ProjectRef> {
        var owners = facts.engine.value?.containers.map(\.owner) ?? []
        owners += facts.engine.value?.networks.map(\.owner) ?? []
        owners += facts.engine.value?.volumes.map(\.owner) ?? []
        let refs = owners.compactMap { owner in if case .project(let ref) = owner { ref } else { nil } }
        return Set(refs).union((facts.folders.value ?? []).compactMap { ProjectRef($0) })
    }

    private func projects(and refs: Set<ProjectRef>) async throws(StoreError) -> [ProjectRecord] {
        var found: [ProjectRecord] = []
        var query = ProjectQuery(sort: .createdAscending)
        repeat {
            let page = try await sources.store.projects(query)
            found += page.projects
            query.offset += query.limit
            guard !page.projects.isEmpty, query.offset < page.count else { break }
        } while found.count < Self.projectsMax
        let known = Set(found.map(\.ref))
        for ref in refs.subtracting(known).sorted().prefix(Self.tombstonesMax) {
            if let record = try await sources.store.project(ref) { found.append(record) }
        }
        // A project may have moved from one page to another meanwhile.
        return Array(Dictionary(found.map { ($0.ref, $0) }) { $1 }.values).sorted { $0.number < $1.number }
    }

    private func secrets(of projects: [ProjectRecord]) async throws(StoreError) -> ConsistencyFacts.Secrets {
        var counted = ConsistencyFacts.Secrets(checked: 0, unreadable: [])
        for project in projects.filter({ $0.status != .deleted }).prefix(Self.secretsMax) {
            let sealed = try await sources.store.secrets(of: project.ref)
            counted.checked += 1
            // Whether they open is all that matters: neither a value nor the reason goes any further.
            if (try? sources.minter.open(sealed, of: project.ref)) == nil { counted.unreadable.append(project.ref) }
        }
        return counted
    }

    private func trails() async throws(StoreError) -> [AuditTrailState] {
        var states: [AuditTrailState] = []
        for scope in try await sources.ledger.scopes(limit: Self.trailsMax) {
            let query = AuditQuery(scope: scope, limit: Self.trailEntriesMax)
            let head = try await sources.ledger.head(of: scope)
            let entries: [AuditEntry] = try await sources.ledger.trail(query).reversed()
            states.append(AuditTrailState(scope: scope.text, damage: sources.checkTrail(entries, head)))
        }
        return states
    }
}

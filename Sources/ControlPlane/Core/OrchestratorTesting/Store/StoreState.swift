import EventConsumers
import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// The tables of an ``InMemoryProjectStore``, as a value: a failed transaction is a copy thrown away.
struct StoreState: Sendable {
    /// The holder of a port or subnet, or the end of its quarantine.
    enum Holder: Sendable, Equatable {
        case project(ProjectRef, variable: String)
        case quarantine(until: Timestamp)
    }

    let quarantine: Duration
    let consumers: [any EventConsumer]
    var records: [ProjectRef: ProjectRecord] = [:]
    var secrets: [ProjectRef: SealedSecrets] = [:]
    /// Everything but the revision, which is part of the record.
    var configurations: [ProjectRef: StoredConfiguration] = [:]
    var events: [ProjectRef: [ProjectEvent]] = [:]
    /// Events that projects have ever had.
    var eventTotals: [ProjectRef: Int64] = [:]
    /// Oldest first.
    var operations: [ProjectRef: [ProjectOperation]] = [:]
    var templates: [TemplateDigest: TemplateContent] = [:]
    var notifications = NotificationTable()
    var content = ContentTable()
    var functions = FunctionTable()
    var ports: [UInt16: Holder] = [:]
    var subnets: [IPv4Network: Holder] = [:]
    /// Organizations that were deleted. Every other one counts as existing.
    var goneOrganizations: Set<String> = []
    var isDown = false
    /// Another one after every change; never one that was there before, even when a unit of work is taken back.
    private(set) var edition = nextEdition()
    /// What settings on trial have replaced, by project and variable; nil for what was not set.
    private var formerSettings: [ProjectRef: [String: [UInt8]?]] = [:]
    private var lastNumber: Int64 = 0

    private static let editions = Atomic<UInt64>(0)

    init(quarantine: Duration, consumers: [any EventConsumer]) {
        self.quarantine = quarantine
        self.consumers = consumers
    }

    private static func nextEdition() -> UInt64 { editions.add(1, ordering: .relaxed).newValue }

    mutating func renewEdition() { edition = Self.nextEdition() }

    mutating func insert(_ project: NewProject) throws(StoreError) -> ProjectRecord {
        guard !goneOrganizations.contains(project.organizationSlug) else {
            throw .organizationGone(project.organizationSlug)
        }
        let count = records.values.count { $0.status != .deleted && $0.organizationSlug == project.organizationSlug }
        if let limit = project.organizationLimit, count >= limit {
            throw .organizationFull(project.organizationSlug, limit: limit)
        }
        guard records[project.ref] == nil else { throw .leaseTaken }
        try checkFree(project.name, in: project.organizationSlug)
        try checkStored(project.template)
        lastNumber += 1
        records[project.ref] = ProjectRecord(
            number: lastNumber, ref: project.ref, name: project.name, organizationSlug: project.organizationSlug,
            region: project.region, cloudProvider: project.cloudProvider, status: .provisioning,
            stack: project.stack, template: project.template, services: project.services, leases: nil,
            insertedAt: project.at, updatedAt: project.at,
            statusChangedAt: project.at)
        secrets[project.ref] = project.secrets
        configurations[project.ref] = StoredConfiguration(
            apiKeys: project.apiKeys.sorted { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) })
        try acquire(project.leases, for: project.ref, at: project.at)
        let operation = NewOperation(.create, requestedBy: project.requestedBy)
        try write(project.event(opening: operation), of: project.ref)
        operations[project.ref] = [operation.begun(of: project.ref, at: project.at)]
        guard let record = record(project.ref) else { throw .notFound(project.ref) }
        return record
    }

    private func checkFree(_ name: ProjectName, in organization: String) throws(StoreError) {
        let isTaken = records.values.contains {
            $0.status != .deleted && $0.organizationSlug == organization
                && $0.name.text.lowercased() == name.text.lowercased()
        }
        if isTaken { throw .nameTaken(name.text) }
    }

    mutating func rename(_ ref: ProjectRef, to name: ProjectName, at time: Timestamp) throws(StoreError) {
        guard var record = records[ref], record.status != .deleted else { throw .notFound(ref) }
        if name.text.lowercased() != record.name.text.lowercased() {
            try checkFree(name, in: record.organizationSlug)
        }
        record.name = name
        record.updatedAt = time
        records[ref] = record
    }

    mutating func change(_ ref: ProjectRef, _ change: ConfigurationChange) throws(StoreError) -> Bool {
        guard let present = configurations[ref], present.revision == change.revision, let record = records[ref],
            ![.deleting, .deleted].contains(record.status), change.trial == nil || record.status == .active
        else { return false }
        let next = present.applying(change)
        guard Set(next.apiKeys.map { "\($0.kind) \($0.name)" }).count == next.apiKeys.count else {
            throw .refused("two API keys of a kind have the same name")
        }
        configurations[ref] = next
        secrets[ref]?.values.merge(change.secrets) { $1 }
        records[ref]?.configurationRevision = next.revision
        records[ref]?.updatedAt = change.at
        if let transition = change.trialTransition {
            var former: [String: [UInt8]?] = [:]
            for name in change.settings.keys { former[name] = .some(present.settings[name]) }
            formerSettings[ref] = former
            _ = try self.transition(ref, transition)
        }
        return true
    }

    /// Ends a trial of settings with a transition from RESTARTING.
    private mutating func endTrial(_ ref: ProjectRef, _ transition: StatusTransition) {
        guard transition.from == .restarting else { return }
        if transition.restoresSettings, let former = formerSettings[ref], let present = configurations[ref] {
            var change = ConfigurationChange(from: present.revision, at: transition.at)
            change.settings = former
            configurations[ref] = present.applying(change)
            records[ref]?.configurationRevision = present.revision + 1
        }
        formerSettings[ref] = nil
    }

    func record(_ ref: ProjectRef) -> ProjectRecord? {
        guard var record = records[ref] else { return nil }
        record.leases = leases(of: ref)
        return record
    }

    private func leases(of ref: ProjectRef) -> Leases? {
        let subnet = subnets.first { if case .project(ref, _) = $0.value { true } else { false } }?.key
        var found: [String: UInt16] = [:]
        for case (let port, .project(ref, let variable)) in ports { found[variable] = port }
        return subnet.map { Leases(ports: found, subnet: $0) }
    }

    func page(_ query: ProjectQuery) -> ProjectPage {
        let wanted = query.search?.lowercased() ?? ""
        let all = records.values.filter { record in
            record.status != .deleted
                && (wanted.isEmpty || record.name.text.lowercased().contains(wanted)
                    || record.ref.text.contains(wanted))
                && query.statuses?.contains(record.status) ?? true
                && query.visibility?.includes(record.ref, of: record.organizationSlug) ?? true
        }.compactMap { record($0.ref) }.sorted(by: order(query.sort))
        return ProjectPage(
            count: all.count, projects: Array(all.dropFirst(query.offset).prefix(query.limit)),
            edition: ProjectEdition("\(edition)"))
    }

    private func order(_ sort: ProjectQuery.Sort) -> (ProjectRecord, ProjectRecord) -> Bool {
        switch sort {
        case .nameAscending: { ($0.name.text.lowercased(), $0.number) < ($1.name.text.lowercased(), $1.number) }
        case .nameDescending: { ($0.name.text.lowercased(), $0.number) > ($1.name.text.lowercased(), $1.number) }
        case .createdAscending: { ($0.insertedAt, $0.number) < ($1.insertedAt, $1.number) }
        case .createdDescending: { ($0.insertedAt, $0.number) > ($1.insertedAt, $1.number) }
        }
    }

    mutating func transition(_ ref: ProjectRef, _ transition: StatusTransition) throws(StoreError) -> Bool {
        let operation = operations[ref]?.last { $0.state.isOpen }
        guard var record = records[ref], record.status == transition.from, transition.isOf(operation) else {
            return false
        }
        let event = transition.event(
            of: PinnedVersions(template: record.template, upgrade: record.upgrade?.template), during: operation)
        try checkStored(transition.template)
        try checkStored(transition.upgrade?.template)
        record.status = transition.to
        record.template = transition.template ?? record.template
        change(&record, transition)
        if transition.to == .deleted { record.template = nil }
        secrets[ref]?.values.merge(transition.secrets) { $1 }
        record.failure = transition.failure
        if transition.requestsRestart {
            record.restartRequestedAt = transition.at
            record.restartServices = transition.restartServices
        } else if transition.fulfilsRestart {
            record.restartRequestedAt = nil
            record.restartServices = nil
        }
        record.updatedAt = transition.at
        record.statusChangedAt = transition.at
        records[ref] = record
        endTrial(ref, transition)
        switch transition.leases {
        case .keep: break
        case .release: release(ref, at: transition.at)
        case .releaseAndForgetSecrets:
            release(ref, at: transition.at)
            secrets[ref] = nil
            configurations[ref] = nil
        case .acquire(let leases): try acquire(leases, for: ref, at: transition.at)
        case .extend(let ports):
            freeQuarantined(at: transition.at)
            for (variable, port) in ports { try take(port, variable: variable, ref: ref) }
        case .keepPorts(let variables): release(ref, portsExcept: variables, at: transition.at)
        }
        try write(event, of: ref)
        changeOperations(transition, of: ref)
        return true
    }
}

// MARK: - Template versions

extension StoreState {
    /// The foreign key: a project is pinned to an existing version only.
    private func checkStored(_ template: TemplateDigest?) throws(StoreError) {
        guard let template, templates[template] == nil else { return }
        throw .refused("the template version \(template.short) is not stored")
    }

    mutating func pin(_ ref: ProjectRef, to template: TemplateDigest, at time: Timestamp) throws(StoreError) -> Bool {
        try checkStored(template)
        guard let record = records[ref], record.template == nil, record.status != .deleted else { return false }
        records[ref]?.template = template
        records[ref]?.updatedAt = time
        return true
    }

    /// What a transition does to an upgrade.
    private func change(_ record: inout ProjectRecord, _ transition: StatusTransition) {
        if let upgrade = transition.upgrade { record.upgrade = upgrade }
        switch transition.endOfUpgrade {
        case .none: return
        case .completes:
            record.template = record.upgrade?.template ?? record.template
            record.services = record.upgrade?.services ?? record.services
        case .forgets: break
        }
        record.upgrade = nil
    }

    mutating func removeUnusedTemplates(keeping installed: Set<TemplateDigest>) -> Set<TemplateDigest> {
        let used = installed.union(records.values.compactMap(\.template))
            .union(records.values.compactMap(\.upgrade?.template))
        let removed = Set(templates.keys).subtracting(used)
        for digest in removed { templates[digest] = nil }
        return removed
    }
}

// MARK: - Operations

extension StoreState {
    private mutating func changeOperations(_ transition: StatusTransition, of ref: ProjectRef) {
        if let index = operations[ref]?.lastIndex(where: \.state.isOpen), let present = operations[ref]?[index],
            let end = transition.end(of: present.kind)
        {
            var ended = present
            (ended.state, ended.result, ended.finishedAt) = (end.state, end.result, transition.at)
            ended.progress.waitingFor = nil
            ended.progress.nextRetryAt = nil
            operations[ref]?[index] = ended
        }
        if let opens = transition.opens { operations[ref, default: []].append(opens.begun(of: ref, at: transition.at)) }
    }

    mutating func note(_ progress: OperationProgress, of id: String) {
        for (ref, list) in operations {
            guard let index = list.firstIndex(where: { $0.id == id && $0.state.isOpen }) else { continue }
            operations[ref]?[index].progress = progress
            operations[ref]?[index].state = .running
        }
    }
}

// MARK: - Leases

extension StoreState {
    mutating func freeQuarantined(at time: Timestamp) {
        func isOver(_ holder: Holder) -> Bool {
            if case .quarantine(let end) = holder { end <= time } else { false }
        }
        ports = ports.filter { !isOver($0.value) }
        subnets = subnets.filter { !isOver($0.value) }
    }

    mutating func acquire(_ leases: Leases, for ref: ProjectRef, at time: Timestamp) throws(StoreError) {
        freeQuarantined(at: time)
        guard self.leases(of: ref) == nil else { throw .leaseTaken }
        for (variable, port) in leases.ports { try take(port, variable: variable, ref: ref) }
        try take(leases.subnet, ref)
    }

    private mutating func take(_ port: UInt16, variable: String, ref: ProjectRef) throws(StoreError) {
        guard ports[port] == nil else { throw .leaseTaken }
        ports[port] = .project(ref, variable: variable)
    }

    private mutating func take(_ subnet: IPv4Network, _ ref: ProjectRef) throws(StoreError) {
        if subnets.keys.contains(where: { $0.overlaps(subnet) }) { throw .leaseTaken }
        subnets[subnet] = .project(ref, variable: "")
    }

    mutating func release(_ ref: ProjectRef, at time: Timestamp) {
        let end = Holder.quarantine(until: time + quarantine)
        for case (let port, .project(ref, _)) in ports { ports[port] = end }
        for case (let subnet, .project(ref, _)) in subnets { subnets[subnet] = end }
    }

    private mutating func release(_ ref: ProjectRef, portsExcept variables: Set<String>, at time: Timestamp) {
        for case (let port, .project(ref, let variable)) in ports where !variables.contains(variable) {
            ports[port] = .quarantine(until: time + quarantine)
        }
    }

    mutating func replacePort(
        _ variable: String, of ref: ProjectRef, with port: UInt16, at time: Timestamp
    ) throws(StoreError) {
        freeQuarantined(at: time)
        guard let old = ports.first(where: { $0.value == .project(ref, variable: variable) })?.key else {
            throw .refused("project \(ref) has no port \(variable) to replace")
        }
        ports[old] = .quarantine(until: time + quarantine)
        try take(port, variable: variable, ref: ref)
        records[ref]?.updatedAt = time
    }

    mutating func replaceSubnet(
        of ref: ProjectRef, with subnet: IPv4Network, at time: Timestamp
    ) throws(StoreError) {
        freeQuarantined(at: time)
        guard let old = subnets.first(where: { $0.value == .project(ref, variable: "") })?.key else {
            throw .refused("project \(ref) has no subnet to replace")
        }
        subnets[old] = .quarantine(until: time + quarantine)
        try take(subnet, ref)
        records[ref]?.updatedAt = time
    }
}

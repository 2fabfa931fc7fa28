public import ProjectModel
public import Reconciler

/// The plan of an upgrade of a project.
public struct UpgradeProposal: Sendable, Equatable {
    /// The project before the upgrade.
    public var record: ProjectRecord
    public var target: ProjectUpgrade
    public var plan: UpgradePlan
    /// Image of the project's database now, and afterwards.
    public var databaseImages: (before: String?, after: String?)

    /// Whether both have the same version and plan.
    public static func == (left: UpgradeProposal, right: UpgradeProposal) -> Bool {
        left.record == right.record && left.target == right.target && left.plan == right.plan
            && left.databaseImages == right.databaseImages
    }
}

extension ProjectCatalog {
    /// Ports that a target needs besides those that the project has, and everything to render it with.
    private struct Draft {
        let proposal: UpgradeProposal
        let needs: StackRequirements
    }

    /// The plan of an upgrade to the installed version of the project's stack.
    public func upgradeProposal(for ref: ProjectRef) async throws(CatalogError) -> UpgradeProposal {
        try await draft(try await project(ref)) { record throws(CatalogError) in
            let version = try templates.stack(record.stack).version
            let services = try await services(of: record, in: version.renderer)
            return (ProjectUpgrade(template: version.content.digest, services: services), version.renderer)
        }.proposal
    }

    /// The plan of adding and removing services; the template version stays.
    public func servicesProposal(
        for ref: ProjectRef, adding added: [String], removing removed: [String]
    ) async throws(CatalogError) -> UpgradeProposal {
        try await servicesDraft(try await project(ref), added: added, removed: removed).proposal
    }

    /// Upgrades a project to the installed version of its stack.
    ///
    /// - Parameter digest: The requested version; when another one is installed by now, the upgrade is refused.
    public func upgrade(
        _ ref: ProjectRef, to digest: TemplateDigest? = nil, by requester: String = ""
    ) async throws(CatalogError) -> ProjectRecord {
        try await begin(ref, cause: "upgrade on request", by: requester) { record throws(CatalogError) in
            let version = try templates.stack(record.stack).version
            let installed = version.content.digest
            guard digest ?? installed == installed else {
                throw .otherVersion(wanted: digest?.short ?? "", installed.short)
            }
            guard record.template != installed else { throw .notUpgradable("the project has this version already") }
            try await templates.store(version)
            return try await draft(record) { record throws(CatalogError) in
                (
                    ProjectUpgrade(
                        template: installed, services: try await services(of: record, in: version.renderer)),
                    version.renderer
                )
            }
        }
    }

    /// Adds services to a project and removes others. Their volumes are kept.
    public func changeServices(
        of ref: ProjectRef, adding added: [String], removing removed: [String], by requester: String = ""
    ) async throws(CatalogError) -> ProjectRecord {
        let words = (added.map { "+\($0)" } + removed.map { "-\($0)" }).joined(separator: " ")
        return try await begin(ref, cause: "change of services on request: \(words)", by: requester) {
            record throws(CatalogError) in try await servicesDraft(record, added: added, removed: removed)
        }
    }

    /// Image of a project's database, by the version in force.
    public func databaseImage(of record: ProjectRecord) async throws(CatalogError) -> String? {
        guard record.leases != nil else { return nil }
        let record = record.inForce
        let renderer = try await templates.renderer(for: record)
        return try rendered(record, try await values(of: record.ref), by: renderer).databaseImage
    }

    private func begin(
        _ ref: ProjectRef, cause: String, by requester: String,
        draft: (ProjectRecord) async throws(CatalogError) -> Draft
    ) async throws(CatalogError) -> ProjectRecord {
        for _ in 1...Self.leaseAttemptsMax {
            let record = try await project(ref)
            guard case .transition(let status) = ProjectLifecycle.answer(to: .upgradeRequested, in: record.status)
            else {
                throw try await conflict(record, .upgradeRequested)
            }
            let draft = try await draft(record)
            if let refusal = draft.proposal.plan.refusals.first { throw .notUpgradable("\(refusal)") }
            var transition = StatusTransition(from: record.status, to: status, cause: cause, at: time.now())
            transition.upgrade = draft.proposal.target
            transition.secrets = try await missingSecrets(draft.needs, of: ref)
            transition.leases = try await morePorts(draft.needs, of: record)
            transition.opens = NewOperation(.upgrade, requestedBy: requester)
            do {
                guard try await store.transition(ref, transition) else { continue }
            } catch .leaseTaken { continue } catch { throw .store(error) }
            await AfterCommit.run { await observer.wake(ref) }
            return try await project(ref)
        }
        throw .changedMeanwhile(ref)
    }

    private func morePorts(
        _ needs: StackRequirements, of record: ProjectRecord
    ) async throws(CatalogError) -> StatusTransition.LeaseChange {
        let missing = needs.ports.filter { record.leases?.ports[$0] == nil }
        guard !missing.isEmpty else { return .keep }
        do { return .extend(try await broker.choose(ports: missing, at: time.now()).ports) } catch {
            throw .leases(error)
        }
    }

    private func servicesDraft(
        _ record: ProjectRecord, added: [String], removed: [String]
    ) async throws(CatalogError) -> Draft {
        guard let template = record.template else {
            throw .notUpgradable(
                "the template version that the project was made from is not known: upgrade the project first")
        }
        let present = Set(record.services.map(\.text))
        if let name = added.first(where: present.contains) {
            throw .template(.badSelection("the project has the service \(name) already"))
        }
        if let name = removed.first(where: { !present.contains($0) }) {
            throw .template(.badSelection("the project has no service \(name)"))
        }
        let renderer = try await templates.renderer(of: template)
        let wanted = present.union(added).subtracting(removed).sorted()
        return try await draft(record) { _ throws(CatalogError) in
            (ProjectUpgrade(template: template, services: try requirements(wanted, renderer).services), renderer)
        }
    }

    /// The services that a project gets with another version: those that it has, with the template's own additions and
    /// without what the template no longer has.
    private func services(
        of record: ProjectRecord, in target: any StackRenderer
    ) async throws(CatalogError) -> [ServiceName] {
        let after = Set(try requirements(nil, target).services)
        guard record.template != nil else {
            let known = record.services.filter { after.contains($0) }
            return try requirements((known.isEmpty ? Array(after) : known).map(\.text), target).services
        }
        let before = Set(try requirements(nil, try await templates.renderer(for: record)).services)
        let wanted = Set(record.services).subtracting(before.subtracting(after)).union(after.subtracting(before))
        return try requirements(wanted.map(\.text).sorted(), target).services
    }

    private func draft(
        _ record: ProjectRecord,
        _ choose: (ProjectRecord) async throws(CatalogError) -> (ProjectUpgrade, any StackRenderer)
    ) async throws(CatalogError) -> Draft {
        let (target, renderer) = try await choose(record)
        let needs = try requirements(target.services.map(\.text), renderer)
        var values = try await values(of: record.ref)
        // For secrets that are minted only when the upgrade begins: their values are part of no plan.
        for name in needs.secrets.map(\.name) + needs.tokens.map(\.name) where values.secrets[name] == nil {
            values.secrets[name] = Secret("unminted")
        }
        var wanted = record
        (wanted.template, wanted.services) = (target.template, target.services)
        let volumes = try await stored { () async throws(StoreError) in try await custody.volumes(of: record.ref) }
        let next = try rendered(wanted, values, by: renderer).using(volumes, of: record.ref)
        let present: DesiredStack? =
            if record.template == nil { nil } else {
                try rendered(record, values, by: try await templates.renderer(for: record)).using(
                    volumes, of: record.ref)
            }
        let major = volumes.first { $0.ref == record.ref && $0.postgresMajor != nil && $0.setAsideAt == nil }?
            .postgresMajor
        return Draft(
            proposal: UpgradeProposal(
                record: record, target: target, plan: UpgradePlan(from: present, to: next, dataMajor: major),
                databaseImages: (present?.databaseImage, next.databaseImage)), needs: needs)
    }

    private func rendered(
        _ record: ProjectRecord, _ values: ProjectValues, by renderer: any StackRenderer
    ) throws(CatalogError) -> DesiredStack {
        do { return try renderer.render(record, values: values) } catch {
            throw .notUpgradable(values.withoutValues("\(error)"))
        }
    }
}

extension DesiredStack {
    fileprivate var databaseImage: String? { services.values.first { $0.isDatabase }?.spec.image }
}

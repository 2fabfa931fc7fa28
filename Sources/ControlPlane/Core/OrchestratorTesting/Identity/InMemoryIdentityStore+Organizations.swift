public import Identity
public import Orchestrator
import ProjectModel

extension InMemoryIdentityStore {
    /// Organizations by slug.
    public func organizations(_ slugs: Set<String>) async throws(StoreError) -> [Organization] {
        try await transaction { state in
            slugs.compactMap { state.organizations[$0] }.sorted { $0.number < $1.number }
        }
    }

    /// Stores an organization.
    public func insert(
        _ organization: NewOrganization, limit: Int
    ) async throws(StoreError) -> NewOrganizationOutcome {
        let outcome = try await transaction { $0.insert(organization, limit: limit) }
        if case .created = outcome { try await projects.reopenOrganization(organization.slug) }
        return outcome
    }

    /// Changes an organization.
    public func update(_ slug: String, _ change: OrganizationChange) async throws(StoreError) -> Organization? {
        try await transaction { $0.update(slug, change) }
    }

    /// Deletes an organization without projects and kept volumes.
    public func deleteOrganization(_ slug: String) async throws(StoreError) -> OrganizationDeletion {
        guard try await transaction({ $0.organizations[slug] != nil }) else { return .notFound }
        let kept = try await custody.keptVolumes(in: slug).count
        guard kept == 0 else { return .hasKeptVolumes(kept) }
        let count = try await projects.closeOrganization(slug)
        return try await transaction { $0.delete(slug, projects: count) }
    }

    /// Slugs of an account's organizations.
    public func organizations(of account: String) async throws(StoreError) -> Set<String> {
        try await transaction { state in
            Set(state.assignments.filter { $0.account == account }.map(\.organization))
        }
    }

    /// Members by number.
    public func members(of slug: String) async throws(StoreError) -> [Member] {
        try await transaction { $0.members(of: slug) }
    }

    /// What decisions about members are made from.
    public func roster(of slug: String) async throws(StoreError) -> OrganizationRoster? {
        let projects = try await projects(of: slug)
        return try await transaction { $0.roster(of: slug, projects: projects) }
    }

    /// Reads, decides and changes.
    public func amend(
        _ slug: String, by decide: @Sendable @escaping (OrganizationRoster) -> RosterDecision
    ) async throws(StoreError) -> RosterOutcome? {
        let projects = try await projects(of: slug)
        return try await transaction { state in
            guard let roster = state.roster(of: slug, projects: projects) else { return nil }
            switch decide(roster) {
            case .refuse(let error): return .refused(error)
            case .apply(let edits):
                state.apply(edits, in: slug)
                return state.roster(of: slug, projects: projects).map { .applied($0) }
            }
        }
    }

    /// An invitation by its token's digest.
    public func invitation(tokenDigest: String) async throws(StoreError) -> Invitation? {
        try await transaction { state in state.invitations[tokenDigest].map(state.named) }
    }
}

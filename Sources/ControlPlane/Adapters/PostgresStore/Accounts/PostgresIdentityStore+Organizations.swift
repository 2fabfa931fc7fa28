public import Identity
public import Orchestrator
import PostgresKit
import ProjectModel

extension PostgresIdentityStore {
    /// Selects organizations.
    public func organizations(_ slugs: Set<String>) async throws(StoreError) -> [Organization] {
        try await reading { try await OrganizationRows.select(slugs, in: $0) }
    }

    /// Inserts an organization and its owner.
    public func insert(
        _ organization: NewOrganization, limit: Int
    ) async throws(StoreError) -> NewOrganizationOutcome {
        try await transaction { try await OrganizationRows.insert(organization, limit: limit, in: $0) }
    }

    /// Updates an organization.
    public func update(_ slug: String, _ change: OrganizationChange) async throws(StoreError) -> Organization? {
        try await transaction { try await OrganizationRows.update(slug, change, in: $0) }
    }

    /// Deletes an organization without projects.
    public func deleteOrganization(_ slug: String) async throws(StoreError) -> OrganizationDeletion {
        try await transaction { try await OrganizationRows.delete(slug, in: $0) }
    }

    /// Selects the slugs of an account's organizations.
    public func organizations(of account: String) async throws(StoreError) -> Set<String> {
        try await reading { try await RosterRows.organizations(of: account, in: $0) }
    }

    /// Selects members.
    public func members(of slug: String) async throws(StoreError) -> [Member] {
        try await reading { try await RosterRows.members(of: slug, in: $0) }
    }

    /// Selects what decisions about members are made from.
    public func roster(of slug: String) async throws(StoreError) -> OrganizationRoster? {
        try await transaction { transaction in
            guard let organization = try await OrganizationRows.select([slug], in: transaction).first else {
                return nil
            }
            return try await RosterRows.roster(of: organization, in: transaction)
        }
    }

    /// Reads, decides and changes under a lock of the organization.
    public func amend(
        _ slug: String, by decide: @Sendable @escaping (OrganizationRoster) -> RosterDecision
    ) async throws(StoreError) -> RosterOutcome? {
        try await transaction { try await RosterRows.amend(slug, by: decide, in: $0) }
    }

    /// Selects an invitation.
    public func invitation(tokenDigest: String) async throws(StoreError) -> Invitation? {
        try await reading { try await InvitationRows.select(tokenDigest: tokenDigest, in: $0) }
    }
}

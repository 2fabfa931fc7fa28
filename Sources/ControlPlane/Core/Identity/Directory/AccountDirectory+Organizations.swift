import Orchestrator
import ProjectModel

extension AccountDirectory {
    /// The organizations that a principal sees, by number.
    public func organizations(of principal: Principal) async throws(IdentityError) -> [Organization] {
        let slugs = Set(principal.organizationSlugs)
        return try await stored { () async throws(StoreError) in try await store.organizations(slugs) }
    }

    /// An organization.
    /// - Throws: `notFound`.
    public func organization(_ slug: String) async throws(IdentityError) -> Organization {
        let found = try await stored { () async throws(StoreError) in try await store.organizations([slug]) }
        guard let organization = found.first else { throw Self.noOrganization(slug) }
        return organization
    }

    /// Makes an organization with an account as its owner; its slug is twenty letters drawn at random.
    /// - Throws: `invalid` for the name, `conflict` when the account owns too many, `notFound`.
    public func createOrganization(name: String, by account: String) async throws(IdentityError) -> Organization {
        let (name, now) = (try IdentityText.name(name, of: "an organization"), time.now())
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<Self.slugDraws {
            // Slugs have the form of project refs.
            let slug = ProjectRef(using: &generator).text
            let new = NewOrganization(slug: slug, name: name, owner: account, at: now)
            let outcome = try await changing { () async throws(StoreError) in
                try await store.insert(new, limit: policy.organizationsPerAccountMax)
            }
            switch outcome {
            case .created(let organization): return organization
            case .slugTaken: continue
            case .noAccount: throw Self.noAccount
            case .tooMany:
                throw .conflict(
                    "an account can own at most \(policy.organizationsPerAccountMax) organizations: delete one first")
            }
        }
        throw .conflict("no free slug was found: try again")
    }

    /// How often a slug is drawn; that one of 26^20 is taken has hardly ever happened anywhere.
    private static let slugDraws = 3
    /// Most additional addresses, and most tags, of an organization.
    private static let listMax = 50

    /// Changes an organization; what is nil stays, and an empty billing address is taken away.
    /// - Throws: `invalid`, `badEmail`, `notFound`.
    public func updateOrganization(
        _ slug: String, name: String? = nil, billingEmail: String? = nil, additionalBillingEmails: [String]? = nil,
        optInTags: [String]? = nil
    ) async throws(IdentityError) -> Organization {
        var change = OrganizationChange()
        if let name { change.name = try IdentityText.name(name, of: "an organization") }
        if let billingEmail {
            change.billingEmail = billingEmail.isEmpty ? "" : try EmailAddress.normalized(billingEmail)
        }
        change.additionalBillingEmails = try checked(additionalBillingEmails) { text throws(IdentityError) in
            try EmailAddress.normalized(text)
        }
        change.optInTags = try checked(optInTags) { text throws(IdentityError) in
            try IdentityText.name(text, of: "a tag")
        }
        let wanted = change
        let updated = try await stored { () async throws(StoreError) in try await store.update(slug, wanted) }
        guard let updated else { throw Self.noOrganization(slug) }
        return updated
    }

    private func checked(
        _ texts: [String]?, _ check: (String) throws(IdentityError) -> String
    ) throws(IdentityError) -> [String]? {
        guard let texts else { return nil }
        guard texts.count <= Self.listMax else { throw .invalid("a list has at most \(Self.listMax) entries") }
        var checked: [String] = []
        for text in texts { checked.append(try check(text)) }
        return checked
    }

    /// Deletes an organization with its memberships and invitations.
    /// - Throws: `conflict` while it has projects or kept volumes, and for the default organization; `notFound`.
    public func deleteOrganization(_ slug: String) async throws(IdentityError) {
        guard slug != Organization.defaultSlug else {
            throw .conflict("the default organization is part of the installation and cannot be deleted")
        }
        let outcome = try await changing { () async throws(StoreError) in try await store.deleteOrganization(slug) }
        switch outcome {
        case .deleted: return
        case .notFound: throw Self.noOrganization(slug)
        case .hasProjects(let count):
            throw .conflict(
                "the organization still has \(count) \(count == 1 ? "project" : "projects"): delete them first")
        case .hasKeptVolumes(let count):
            throw .conflict(
                "the organization still keeps \(count) \(count == 1 ? "volume" : "volumes") with data of deleted "
                    + "projects, which nobody could reach without it: attach or destroy them first")
        }
    }

    static func noOrganization(_ slug: String) -> IdentityError {
        .notFound(what: "organization \"\(slug.prefix(slugShown))\"")
    }

    /// Characters of an unknown slug that an error repeats.
    private static let slugShown = 64
}

import Identity
import Orchestrator
import ProjectModel

extension IdentityContractRun {
    private func project(_ number: UInt64, in slug: String) throws -> NewProject {
        NewProject(
            ref: .sample(number), name: try ProjectName("Project \(number)"), organizationSlug: slug, region: "local",
            cloudProvider: "AWS", services: [.db],
            leases: Leases(
                ports: ["PORT": UInt16(30_000 + number)],
                subnet: try required(IPv4Network("10.88.\(number).0/27"), "the contract's own subnet is one")),
            secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: start)
    }

    func checkDeletion() async throws {
        _ = try await insert("short", owner: 2)
        for number in 1...2 { _ = try await projects.insert(try project(UInt64(number), in: "short")) }
        let roster = try await roster("short")
        try promise(
            "a roster knows the projects", roster.projects == [.sample(1): "Project 1", .sample(2): "Project 2"])
        try promise("projects hold an organization", try await store.deleteOrganization("short") == .hasProjects(2))
        for number in 1...2 {
            let transition = StatusTransition(from: .provisioning, to: .deleted, cause: "test", at: start + .seconds(1))
            _ = try await projects.transition(.sample(UInt64(number)), transition)
        }
        try promise("deleted projects are not among them", try await self.roster("short").projects.isEmpty)
        _ = try await apply([.assign(account: id(3), base: .developer, projects: [.sample(1)])], to: "short")
        let volume = VolumeRecord(
            name: "kept", owner: .sample(1), ref: .sample(1), composeName: "db-data", identity: nil, createdAt: start,
            holdsData: true, postgresMajor: 17, keptAt: start)
        try await custody.save([volume])
        try promise(
            "kept data holds it, too: nobody would reach it any more",
            try await store.deleteOrganization("short") == .hasKeptVolumes(1))
        try await custody.forget(volumes: ["kept"])
        try promise("an empty organization is deleted", try await store.deleteOrganization("short") == .deleted)
        try promise("with all that it had", try await store.organizations(["short"]).isEmpty)
        let principal = try await store.principal(session: id(501), of: id(3), at: start + .seconds(20))
        try promise("and its memberships", principal?.memberships.isEmpty == true)
        try promise("once", try await store.deleteOrganization("short") == .notFound)
        guard case .created(let again) = try await insert("short", owner: 2) else {
            throw ContractViolation("its slug is free then")
        }
        try promise("it is another organization", again.number != roster.organization.number)
    }

    private func plan(_ number: Int, token: Int, password: String?) -> Bootstrap {
        var account = account(number)
        account.passwordVerifier = password.map { Secret($0) }
        return Bootstrap(
            account: account, tokenDigest: digest(token), tokenName: "bootstrap", tokenAlias: "sbp_b\(token)")
    }

    private func principal(_ token: Int) async throws -> Principal? {
        try await store.bearer(ofTokenDigest: digest(token), at: start + .seconds(20))?.principal
    }

    func checkBootstrap() async throws {
        let first = try await store.bootstrap(plan(701, token: 701, password: nil))
        try promise("a bootstrap makes an account", first.id == id(701))
        let token = try await store.accessTokens(.personal, of: id(701))
        try promise("with a token", token.map(\.name) == ["bootstrap"] && token.first?.expiresAt == nil)
        let owner = try await principal(701)
        try promise(
            "that is an owner", owner?.permissions(in: Organization.defaultSlug).count == Permission.allCases.count)
        _ = try await store.bootstrap(plan(701, token: 701, password: "first"))
        try promise("done again it changes nothing", try await store.accessTokens(.personal, of: id(701)) == token)
        let verifier = try await store.credentials(ofEmail: first.email)?.passwordVerifier
        try promise("but sets a password that was not set", verifier == Secret("first"))
        _ = try await store.bootstrap(plan(701, token: 702, password: "second"))
        let kept = try await store.credentials(ofEmail: first.email)?.passwordVerifier
        try promise("and no other later", kept == Secret("first"))
        try promise("another token takes the place of the first", try await principal(701) == nil)
        try promise("and counts", try await principal(702)?.account.id == id(701))
        try promise("alone", try await store.accessTokens(.personal, of: id(701)).count == 1)
        let renamed = try await store.bootstrap(plan(702, token: 702, password: nil))
        try promise("an unknown address does not make a second first account", renamed.id == id(701))
        let other = try await store.bootstrap(plan(4, token: 702, password: nil))
        try promise("nor does a known address move it", other.id == id(701))
        try promise("another account with the address gets no token", try await principal(702)?.account.id == id(701))
        let roster = try await store.roster(of: Organization.defaultSlug)
        try promise("and no role", roster?.roles[id(4)] == nil)
        try promise("the first account is verified", try await store.account(id(701))?.isEmailVerified == true)
        try promise("and found by its mark", try await store.bootstrapAccount()?.account.id == id(701))
        _ = try await store.setPassword(of: id(701), verifier: Secret("third"), keeping: nil, at: start)
        try promise("its token outlasts a new password", try await principal(702)?.account.id == id(701))
        try promise("the mark can be moved by identifier", try await store.moveBootstrap(to: id(4)))
        let moved = try await store.bootstrap(plan(701, token: 702, password: nil))
        try promise("and is then another's", moved.id == id(4))
        try promise("with the token", try await principal(702)?.account.id == id(4))
        try promise("whose password stays", try await password(of: 4) == Secret("verifier 4"))
        try promise("an unknown account gets no mark", try await !store.moveBootstrap(to: id(99)))
        try await checkLaterRoles()
    }

    /// Of the account with the mark, which has the identifier of number 4 by now.
    private func checkLaterRoles() async throws {
        let slug = Organization.defaultSlug
        let owner = try await principal(702)
        try promise("and makes an owner", owner?.permissions(in: slug).count == Permission.allCases.count)
        for edit in [RosterEdit.assign(account: id(4), base: .readOnly, projects: []), .remove(account: id(4))] {
            let changed = try await apply([edit], to: slug).roles[id(4)]
            try promise("a role can be taken away", changed?.first?.base != .owner)
            let same = try await store.bootstrap(plan(701, token: 702, password: nil))
            try promise("which moves no mark", same.id == id(4))
            try promise("and no bootstrap gives it back", try await roster(slug).roles[id(4)] == changed)
        }
    }

    private func password(of number: Int) async throws -> Secret<String>? {
        try await store.credentials(ofEmail: account(number).email)?.passwordVerifier
    }
}

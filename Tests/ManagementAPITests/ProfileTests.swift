import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Accounts
@testable import FeatureKit
@testable import ManagementAPI

@Suite("/platform/profile")
struct ProfileTests {
    private static let keys: Set<String> = [
        "id", "gotrue_id", "auth0_id", "primary_email", "username", "first_name", "last_name", "mobile",
        "is_alpha_user", "is_sso_user", "free_project_limit", "disabled_features",
    ]

    @Test("every account has a profile from its creation, under both of its paths and on /v1")
    func read() async throws {
        try await APIHost.run { host in
            for path in ["/platform/profile", "/profile"] {
                let json = try await host.send(
                    "GET", path, token: Person.readOnly.token, headers: [("Version", "2")]
                ).json
                #expect(json.keys == Self.keys)
                #expect(json["gotrue_id"] == .string(Person.readOnly.account.id))
                #expect(json["auth0_id"]?.text?.hasPrefix("email|") == true)
                #expect(json["first_name"] == .null)
                #expect(json["free_project_limit"] == .null)
            }
            let answer = try await host.send("POST", "/platform/profile")
            #expect(answer.status == 409)
            #expect(try answer.message?.isEmpty == false)
            #expect(
                try await host.send("GET", "/v1/profile").json
                    == .object([
                        "gotrue_id": .string(Person.owner.account.id), "primary_email": .string("owner@example.com"),
                        "username": .string("owner"),
                    ]))
            #expect(try await host.send("POST", "/platform/profile/audit-login").status == 201)
        }
    }

    @Test("what changes is what was named, and stands in the account's trail")
    func update() async throws {
        try await APIHost.run { host in
            let body = #"{"first_name":"Ada","username":"ada"}"#
            let json = try await host.send("PATCH", "/platform/profile", body: body).json
            #expect(json["first_name"] == .string("Ada"))
            #expect(json["last_name"] == .null)
            #expect(json["primary_email"] == .string("owner@example.com"))
            let email = #"{"newEmail":"ada@example.com"}"#
            let session = try await host.session(of: .owner)
            let changed = try await host.send("PUT", "/platform/update-email", body: email, token: session)
            #expect(changed.status == 200)
            #expect(changed.body.isEmpty)
            #expect(try await host.send("GET", "/v1/profile").json["primary_email"] == .string("owner@example.com"))
            let trail = try await host.ledger.trail(AuditQuery(scope: .account(Person.owner.account.id)))
            #expect(trail.map(\.deed.action) == ["account.update", "session.create", "account.update"])
            #expect(trail.last?.deed.before == ["username": "owner"])
            #expect(trail.last?.deed.after == ["first_name": "Ada", "username": "ada"])
            #expect(trail.first?.deed.after == ["pending_email": "ada@example.com"])
        }
    }

    @Test(
        "what cannot be is refused and changes nothing",
        arguments: [
            (#"{"username":""}"#, 400), (#"{"username":"a\nb"}"#, 400), (#"{"first_name":1}"#, 400), ("[]", 400),
            (#"{"primary_email":"stranger@example.com"}"#, 409), (#"{"primary_email":"x"}"#, 400),
            (#"{"last_name":"\#(String(repeating: "x", count: 257))"}"#, 400),
        ])
    func badUpdate(body: String, status: Int) async throws {
        try await APIHost.run { host in
            let before = try await host.send("GET", "/platform/profile").json
            let session = try await host.session(of: .owner)
            let answer = try await host.send("PATCH", "/platform/profile", body: body, token: session)
            #expect(answer.status == status)
            #expect(try answer.message?.isEmpty == false)
            #expect(try await host.send("GET", "/platform/profile").json == before)
        }
    }

    @Test(
        "a password's strength grows with what has to be guessed",
        arguments: [
            ("", 0), ("password", 0), ("aaaaaaaaaaaaaaaaaaaaaaaa", 0), ("abcdefghijklmnopqrstuvwxyz", 0),
            ("12345678901234567890", 0), ("kR7!qz", 1), ("kR7!qzB2", 2), ("kR7!qzB2mW9#", 4),
            ("orbit velvet canyon drum", 4),
        ])
    func strength(password: String, score: Int) {
        let strength = PasswordStrength(of: password)
        #expect(strength.score == score)
        #expect(strength.warning.isEmpty == (score >= 2))
        #expect(strength.suggestions.isEmpty == (score == 4))
    }

    @Test("Studio's password field is answered under both paths, and too much is refused")
    func passwordCheck() async throws {
        try await APIHost.run { host in
            for path in ["/platform/profile/password-check", "/profile/password-check"] {
                let answer = try await host.send("POST", path, body: #"{"password":"kR7!qzB2mW9#"}"#)
                #expect(answer.status == 201)
                #expect(try answer.json["result"]?["score"] == .number(4))
            }
            let long = #"{"password":"\#(String(repeating: "x", count: 257))"}"#
            #expect(try await host.send("POST", "/profile/password-check", body: long).status == 400)
        }
    }
}

/// Studio's own way of asking its rows (`doPermissionsCheck`), to see what they make it show.
private struct StudioCheck {
    let rows: [StudioPermission]

    func can(_ action: String, _ resource: String, in slug: String = "default", project: String? = nil) -> Bool {
        let matching = rows.filter { row in
            row.organizationSlug == slug && row.actions.contains { Self.matches(action, $0) }
                && row.resources.contains { Self.matches(resource, $0) }
        }
        if let project, matching.contains(where: { $0.projectRefs.contains(project) }) { return true }
        return matching.contains { $0.projectRefs.isEmpty }
    }

    /// Like Studio's: only the first `%` of a pattern stands for anything.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return text == pattern }
        return text.count >= parts[0].count + parts[1].count && text.hasPrefix(parts[0]) && text.hasSuffix(parts[1])
    }
}

@Suite("Permissions in Studio's words")
struct StudioPermissionTests {
    private static func person(_ roles: [Role], _ credential: Principal.Credential = .session("s")) -> Principal {
        Principal(
            account: Person.owner.account, credential: credential,
            memberships: [Membership(organizationSlug: "default", organizationNumber: 7, roles: roles)])
    }

    /// What Studio asks before it shows a button, and the roles that get it.
    private static let buttons: [(action: String, resource: String, roles: [BaseRole])] = [
        ("read:Read", "organizations", [.owner, .administrator, .developer, .readOnly]),
        ("write:Update", "organizations", [.owner]), ("write:Delete", "organizations", [.owner]),
        ("read:Read", "members", [.owner, .administrator, .developer, .readOnly]),
        ("write:Create", "user_invites", [.owner, .administrator]),
        ("write:Delete", "user_invites", [.owner, .administrator]),
        ("write:Create", "auth.subject_roles", [.owner, .administrator]),
        ("write:Delete", "auth.subject_roles", [.owner, .administrator]),
        ("read:Read", "notifications", [.owner, .administrator]),
        ("read:Read", "projects", [.owner, .administrator, .developer, .readOnly]),
        ("write:Create", "projects", [.owner, .administrator]),
        ("write:Update", "projects", [.owner, .administrator]),
        ("infra:Execute", "queue_jobs.projects.pause", [.owner, .administrator]),
        ("infra:Execute", "reboot", [.owner, .administrator]),
        ("infra:Execute", "queue_job.restore.prepare", [.owner, .administrator]),
        ("read:Read", "back_ups", [.owner, .administrator, .developer, .readOnly]),
        ("secrets:Read", "*", [.owner, .administrator, .developer]),
        ("read:Read", "service_api_keys", [.owner, .administrator, .developer]),
        ("read:Read", "field.jwt_secret", [.owner, .administrator, .developer]),
        ("tenant:Sql:Query", "*", [.owner, .administrator, .developer]),
        ("tenant:Sql:Admin:Write", "tables", [.owner, .administrator, .developer]),
        ("tenant:Sql:Write:Insert", "t", [.owner, .administrator, .developer]),
        ("tenant:Sql:Admin:Read", "tables", [.owner, .administrator, .developer, .readOnly]),
        ("functions:Write", "*", [.owner, .administrator, .developer]),
        ("auth:Execute", "create_user", [.owner, .administrator, .developer]),
        ("write:Update", "custom_config_gotrue", [.owner, .administrator, .developer]),
        ("read:Read", "custom_config_gotrue", [.owner, .administrator, .developer, .readOnly]),
        ("write:Update", "custom_config_postgrest", [.owner, .administrator, .developer]),
        ("storage:Write", "*", [.owner, .administrator, .developer]),
        ("storage:Admin:Write", "*", [.owner, .administrator, .developer]),
        ("storage:Read", "*", [.owner, .administrator, .developer, .readOnly]),
        ("write:Create", "user_content", [.owner, .administrator, .developer]),
        ("analytics:Read", "logflare", [.owner, .administrator, .developer]),
        ("billing:Write", "stripe.subscriptions", [.owner, .administrator]),
    ]

    @Test("each role gets the buttons that its routes would not refuse", arguments: BaseRole.allCases)
    func roles(role: BaseRole) {
        let check = StudioCheck(rows: StudioPermissions.rows(for: Self.person([Role(role)])))
        for button in Self.buttons {
            #expect(
                check.can(button.action, button.resource) == button.roles.contains(role),
                "\(role.name): \(button.action) on \(button.resource)")
            #expect(!check.can(button.action, button.resource, in: "elsewhere"))
        }
    }

    @Test("an owner's row is one and stands for everything")
    func owner() {
        let rows = StudioPermissions.rows(for: Self.person([Role(.owner)]))
        #expect(
            rows == [
                StudioPermission(
                    actions: ["%"], resources: ["%"], organizationSlug: "default", organizationID: 7, projectRefs: [])
            ])
    }

    @Test("every set of permissions gives the union of what its members give, in an order of its own")
    func unions() {
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<100 {
            let some = Set(Permission.allCases.filter { _ in generator.next() % 3 == 0 })
            let rows = StudioPermissions.rows(granting: some)
            let check = StudioCheck(
                rows: rows.map {
                    StudioPermission(
                        actions: $0.actions, resources: $0.resources, organizationSlug: "default", organizationID: 1,
                        projectRefs: [])
                })
            for grant in some.flatMap(StudioGrant.grants) {
                for action in grant.actions where !action.contains("%") {
                    for resource in grant.resources where !resource.contains("%") {
                        #expect(check.can(action, resource))
                    }
                }
            }
            #expect(Set(rows.map(\.resources)).count == rows.count)
            #expect(rows.map(\.resources.first) == rows.map(\.resources.first).sorted { ($0 ?? "") < ($1 ?? "") })
            let wanted = Set(some.flatMap(StudioGrant.grants).flatMap(\.actions))
            #expect(Set(rows.flatMap(\.actions)) == wanted)
        }
        #expect(StudioPermissions.rows(granting: []).isEmpty)
    }

    @Test("no pattern holds more than one wildcard or, before one, more than one dot: Studio replaces the first only")
    func patterns() {
        for grant in Permission.allCases.flatMap(StudioGrant.grants) {
            for pattern in grant.actions + grant.resources {
                #expect(pattern.count { $0 == "%" } <= 1, "\(pattern)")
            }
        }
    }

    @Test("a role for some projects counts in those only, and adds to one for all")
    func projectScoped() throws {
        let ref = ProjectRef.sample(1)
        let other = ProjectRef.sample(2)
        let limited = Role(number: 9, base: .administrator, projects: [ref])
        let check = StudioCheck(rows: StudioPermissions.rows(for: Self.person([limited])))
        #expect(check.can("write:Update", "projects", project: ref.text))
        #expect(!check.can("write:Update", "projects", project: other.text))
        #expect(!check.can("write:Update", "projects"))
        let both = StudioCheck(rows: StudioPermissions.rows(for: Self.person([limited, Role(.readOnly)])))
        #expect(both.can("write:Update", "projects", project: ref.text))
        #expect(!both.can("write:Update", "projects", project: other.text))
        #expect(both.can("read:Read", "projects", project: other.text))
        #expect(both.can("read:Read", "members"))
        let owned = StudioPermissions.rows(
            for: Self.person([Role(number: 9, base: .owner, projects: [ref, other])]))
        let wild = owned.filter { $0.actions == ["%"] }
        #expect(wild.map(\.projectRefs) == [[ref, other].map(\.text).sorted()])
    }

    @Test("a scoped token's rows stay within it")
    func scopedToken() {
        let ref = ProjectRef.sample(1)
        let scope = TokenScope(
            tokenID: "t", permissions: [.projectAdminRead, .databaseWrite], organizationSlugs: nil,
            projectRefs: [ref])
        let check = StudioCheck(
            rows: StudioPermissions.rows(for: Self.person([Role(.owner)], .scopedToken(scope))))
        #expect(check.can("tenant:Sql:Query", "*", project: ref.text))
        #expect(!check.can("tenant:Sql:Query", "*", project: ProjectRef.sample(2).text))
        #expect(!check.can("write:Update", "projects", project: ref.text))
    }

    @Test("the rows go over the wire with every field of the contract", arguments: [Person.owner, .readOnly])
    func wire(person: Person) async throws {
        try await APIHost.run { host in
            for path in ["/platform/profile/permissions", "/profile/permissions"] {
                let json = try await host.send("GET", path, token: person.token).json
                #expect(
                    json[0]?.keys == [
                        "actions", "resources", "condition", "restrictive", "organization_slug", "organization_id",
                        "project_refs", "project_ids",
                    ])
                #expect(json[0]?["condition"] == .null)
                #expect(json.count == (person == .owner ? 1 : json.count))
            }
        }
    }
}

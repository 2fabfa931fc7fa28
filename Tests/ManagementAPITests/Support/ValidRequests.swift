import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// What single routes need besides a project that runs: something that is there to be read, changed or deleted.
enum ValidRequests {
    /// By name of the route.
    static let all: [String: ValidRequest.Preparation] = [
        people, tokens, projects, custody, content, database, services, backups, notifications,
    ]
    .reduce(into: [:]) { all, more in all.merge(more) { first, _ in first } }

    /// Routes that refuse every request, with the status of the refusal.
    static let refusals: [String: Int] = {
        let refused = allRoutes().filter { $0.support == .refused && $0.operation.answer.status.code < 400 }
        var statuses = Dictionary(uniqueKeysWithValues: refused.map { ($0.name, 403) })
        for name in ["GET %/restore-point"] {
            statuses[name.replacing("%", with: "/v1/projects/{ref}/database/backups")] = 404
        }
        statuses["POST /auth/v1/signup"] = 422
        statuses["POST /platform/signup"] = 403
        return statuses
    }()

    private static let uuid = "10000000-0000-4000-8000-000000000010"

    private static let people: [String: ValidRequest.Preparation] = [
        "POST /auth/v1/token": { _, _ in
            ValidRequest(
                query: "grant_type=password",
                body: #"{"email":"owner@example.com","password":"\#(Person.owner.password)"}"#)
        },
        "POST /auth/v1/logout": { host, _ in ValidRequest(token: try await session(host)) },
        "PUT /auth/v1/user": { host, _ in
            ValidRequest(body: #"{"password":"another-Battery-2-horse"}"#, token: try await session(host))
        },
        "PUT /platform/update-email": { host, _ in ValidRequest(token: try await session(host)) },
        "POST /platform/accounts/{gotrue_id}/reset-password": { _, _ in
            ValidRequest(
                values: ["gotrue_id": Person.developer.account.id], body: #"{"password":"a new long password"}"#)
        },
        "POST /platform/accounts/{gotrue_id}/confirm-email": { _, _ in
            ValidRequest(
                values: ["gotrue_id": Person.owner.account.id], body: #"{"email":"owner@example.com"}"#)
        },
        "GET /auth/v1/user": { host, _ in ValidRequest(token: try await session(host)) },
        "POST /platform/profile/password-check": { _, _ in ValidRequest(body: #"{"password":"x"}"#) },
        "DELETE /platform/organizations/{slug}": { host, _ in
            let made = try await host.send("POST", "/platform/organizations", body: #"{"name":"Second"}"#).json
            return ValidRequest(slug: made["slug"]?.text ?? "")
        },
        "PATCH /platform/organizations/{slug}": { _, _ in ValidRequest(body: #"{"name":"Renamed"}"#) },
        "POST /platform/organizations/{slug}/members/invitations": { _, _ in
            ValidRequest(body: #"{"email":"stranger@example.com","role_id":3}"#)
        },
        "GET /platform/organizations/{slug}/members/invitations/{token}": { host, _ in
            ValidRequest(values: ["token": try await invite(host)["token"]?.text ?? ""], token: Person.stranger.token)
        },
        "POST /platform/organizations/{slug}/members/invitations/{token}": { host, _ in
            ValidRequest(values: ["token": try await invite(host)["token"]?.text ?? ""], token: Person.stranger.token)
        },
        "DELETE /platform/organizations/{slug}/members/invitations/{token}": { host, _ in
            ValidRequest(values: ["token": try await invite(host)["id"]?.wholeText ?? ""])
        },
        "PATCH /platform/organizations/{slug}/members/mfa/enforcement": { _, _ in
            ValidRequest(body: #"{"enforced":false}"#)
        },
        "DELETE /platform/organizations/{slug}/members/{gotrue_id}": { _, _ in
            ValidRequest(values: ["gotrue_id": Person.readOnly.account.id])
        },
        "PATCH /platform/organizations/{slug}/members/{gotrue_id}": { _, _ in
            ValidRequest(values: ["gotrue_id": Person.readOnly.account.id], body: #"{"role_id":3}"#)
        },
        "PUT /platform/organizations/{slug}/members/{gotrue_id}/roles/{role_id}": { host, ref in
            try await role(host, ref, body: #"{"role_scoped_projects":["\#(ref)"]}"#)
        },
        "DELETE /platform/organizations/{slug}/members/{gotrue_id}/roles/{role_id}": { host, ref in
            try await role(host, ref, body: nil)
        },
        "POST /platform/projects/{ref}/transfer/preview": { _, _ in
            ValidRequest(body: #"{"target_organization_slug":"default"}"#)
        },
    ]

    private static let tokens: [String: ValidRequest.Preparation] = [
        "POST /platform/cli/login": { _, _ in ValidRequest(body: login) },
        "GET /platform/cli/login/{session_id}": { host, _ in
            let nonce = try await host.send("POST", "/platform/cli/login", body: login).json["nonce"]?.text ?? ""
            return ValidRequest(values: ["session_id": uuid], query: "device_code=\(nonce.prefix(8))")
        },
        "GET /platform/profile/access-tokens/{id}": { host, _ in try await token(host, "access-tokens") },
        "DELETE /platform/profile/access-tokens/{id}": { host, _ in try await token(host, "access-tokens") },
        "GET /platform/profile/scoped-access-tokens/{id}": { host, _ in try await token(host, "scoped-access-tokens") },
        "DELETE /platform/profile/scoped-access-tokens/{id}": { host, _ in
            try await token(host, "scoped-access-tokens")
        },
        "GET /v1/projects/{ref}/api-keys/{id}": { host, ref in try await key(host, ref) },
        "PATCH /v1/projects/{ref}/api-keys/{id}": { host, ref in try await key(host, ref) },
        "DELETE /v1/projects/{ref}/api-keys/{id}": { host, ref in try await key(host, ref) },
        "PUT /v1/projects/{ref}/api-keys/legacy": { _, _ in ValidRequest(query: "enabled=true") },
        "GET /v1/projects/{ref}/config/auth/signing-keys/{id}": { host, ref in
            let keys = try await host.send("GET", "/v1/projects/\(ref)/config/auth/signing-keys").json
            return ValidRequest(values: ["id": keys["keys"]?[0]?["id"]?.text ?? ""])
        },
    ]

    private static let projects: [String: ValidRequest.Preparation] = [
        "POST /platform/projects": { _, _ in ValidRequest(body: APIHost.createBody("second")) },
        "POST /v1/projects": { _, _ in ValidRequest(body: APIHost.createBody("second", #","region":"eu-central-1""#)) },
        "GET /platform/projects/available-regions": { _, _ in
            ValidRequest(query: "cloud_provider=AWS&organization_slug=default")
        },
        "GET /v1/projects/available-regions": { _, _ in ValidRequest(query: "organization_slug=default") },
        "POST /platform/projects/{ref}/restore": paused, "POST /platform/projects/{ref}/resume": paused,
        "POST /v1/projects/{ref}/restore": paused,
        "PATCH /platform/projects/{ref}/settings/sensitivity": { _, _ in
            ValidRequest(body: #"{"is_sensitive":false}"#)
        },
        "PATCH /v1/projects/{ref}/database/password": { _, _ in ValidRequest(body: #"{"password":"Battery-1-horse"}"#)
        },
        "PATCH /platform/projects/{ref}/db-password": { _, _ in ValidRequest(body: #"{"password":"Battery-1-horse"}"#)
        },
        "POST /platform/projects/{ref}/restart-services": { _, _ in
            ValidRequest(body: #"{"restartRequest":{"region":"eu-central-1","services":["postgresql"]}}"#)
        },
        "GET /platform/projects/{ref}/services/{service}/logs": { host, _ in
            // One that really runs has containers, and these have logs.
            let running = try await host.create("second")
            try await host.withLoops { try await host.wait(for: .active, of: running) }
            return ValidRequest(values: ["service": "db"], ref: running)
        },
        "GET /v1/projects/{ref}/health": { _, _ in ValidRequest(query: "services=db&services=rest") },
        "POST /v1/projects/{ref}/network-restrictions/apply": { _, _ in
            ValidRequest(body: #"{"dbAllowedCidrs":["0.0.0.0/0"],"dbAllowedCidrsV6":["::/0"]}"#)
        },
        "PUT /v1/projects/{ref}/ssl-enforcement": { _, _ in
            ValidRequest(body: #"{"requestedConfig":{"database":false}}"#)
        },
    ]

    private static let custody: [String: ValidRequest.Preparation] = {
        let operation = "/platform/projects/{ref}/operations/{identifier}"
        return [
            "GET /platform/projects/{ref}/deletion-receipt": { host, ref in
                _ = try await host.send("DELETE", "/platform/projects/\(ref)")
                return ValidRequest()
            },
            "POST /platform/projects/{ref}/volumes/{name}/accept-loss": { host, ref in
                try await host.custody.save([volume(of: ref)])
                return ValidRequest(values: ["name": "data"])
            },
            "DELETE /platform/organizations/{slug}/kept-volumes/{name}": { host, ref in
                var kept = volume(of: ref)
                kept.keptAt = Timestamp(milliseconds: 1_000)
                try await host.custody.save([kept])
                return ValidRequest(values: ["name": "data"])
            },
            "POST /platform/orphans/{id}/remove": { host, _ in
                try await host.orphans.add([
                    Orphan(
                        object: EngineObject(
                            key: EngineObjectKey(.volume, "lost"), name: "lost", projectLabel: "lost"),
                        firstSeen: Timestamp(milliseconds: 1_000), graceUntil: Timestamp(milliseconds: 2_000))
                ])
                return ValidRequest(values: ["id": "1"])
            },
            "PUT /platform/registries/{registry}": { _, _ in ValidRequest(values: ["registry": "ghcr.io"]) },
            "DELETE /platform/registries/{registry}": { host, _ in
                _ = try await host.send(
                    "PUT", "/platform/registries/ghcr.io", body: #"{"username":"me","password":"x"}"#)
                return ValidRequest(values: ["registry": "ghcr.io"])
            },
            "POST /v1/projects/{ref}/upgrade": { host, ref in
                try await host.store.unpin(ref)
                return ValidRequest(body: #"{"target_version":"\#(FakeTemplates.content(1).digest)"}"#)
            },
            "PATCH /platform/projects/{ref}/services": { _, _ in ValidRequest(body: #"{"remove":["studio"]}"#) },
            "GET \(operation)": pausing, "GET \(operation)/explain": pausing, "POST \(operation)/cancel": pausing,
        ]
    }()

    private static func volume(of ref: ProjectRef) -> VolumeRecord {
        VolumeRecord(
            name: "data", owner: ref, ref: ref, composeName: "db-data", identity: "mark", holdsData: true,
            postgresMajor: 17)
    }

    /// A pause in progress.
    private static let pausing: ValidRequest.Preparation = { host, ref in
        _ = try await host.send("POST", "/platform/projects/\(ref)/pause")
        let operations = try await host.send("GET", "/platform/projects/\(ref)/operations").json
        return ValidRequest(values: ["identifier": operations["operations"]?[0]?["id"]?.text ?? ""])
    }

    private static let paused: ValidRequest.Preparation = { host, ref in
        try await host.set(.pausing, of: ref)
        try await host.set(.paused, of: ref)
        return ValidRequest()
    }

    private static let login = """
        {"session_id":"\(uuid)","public_key":"04\(String(repeating: "ab", count: 64))","token_name":"command line"}
        """

    /// A token of a session of the owner.
    private static func session(_ host: APIHost) async throws -> String {
        let body = #"{"email":"owner@example.com","password":"\#(Person.owner.password)"}"#
        let answer = try await host.send("POST", "/auth/v1/token?grant_type=password", body: body, token: nil)
        return try answer.json["access_token"]?.text ?? ""
    }

    private static func invite(_ host: APIHost) async throws -> JSONValue {
        try await host.send(
            "POST", "/platform/organizations/default/members/invitations",
            body: #"{"email":"stranger@example.com","role_id":3}"#
        ).json
    }

    /// A member whose role applies to one project only.
    private static func role(_ host: APIHost, _ ref: ProjectRef, body: String?) async throws -> ValidRequest {
        let member = "/platform/organizations/default/members/\(Person.readOnly.account.id)"
        _ = try await host.send(
            "PATCH", member, body: #"{"role_id":3,"role_scoped_projects":["\#(ref)"]}"#)
        let members = try await host.send("GET", "/platform/organizations/default/members").json
        guard case .array(let rows) = members,
            let row = rows.first(where: { $0["gotrue_id"]?.text == Person.readOnly.account.id }),
            case .array(let ids)? = row["role_ids"], let id = ids.last?.wholeText
        else { throw HostError("the member has no role") }
        return ValidRequest(values: ["gotrue_id": Person.readOnly.account.id, "role_id": id], body: body)
    }

    private static func token(_ host: APIHost, _ kind: String) async throws -> ValidRequest {
        let body = #"{"name":"x","permissions":["advisors_read"]}"#
        let made = try await host.send("POST", "/platform/profile/\(kind)", body: body).json
        return ValidRequest(values: ["id": made["id"]?.wholeText ?? ""])
    }

    private static func key(_ host: APIHost, _ ref: ProjectRef) async throws -> ValidRequest {
        let body = #"{"name":"second","type":"secret"}"#
        let made = try await host.send("POST", "/v1/projects/\(ref)/api-keys", body: body).json
        return ValidRequest(values: ["id": made["id"]?.text ?? ""])
    }
}

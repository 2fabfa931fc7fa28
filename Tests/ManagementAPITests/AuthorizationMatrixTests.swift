import Foundation
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Every route × every kind of credential × the own, a foreign and an absent object: who is let in to the handler. The
/// result stands in AuthorizationMatrix.txt, to be read and reviewed; what differs from it fails. A new route has no
/// row there and fails, too. `UPDATE_AUTHORIZATION_MATRIX=1` rewrites the file.
@Suite("Authorization matrix")
struct AuthorizationMatrixTests {
    @Test("who is let in where is what the matrix says")
    func matrix() async throws {
        let (lines, outcomes) = try await Self.measure()
        let text = (Self.legend + lines).joined(separator: "\n") + "\n"
        Self.checkRules(outcomes)
        if ProcessInfo.processInfo.environment["UPDATE_AUTHORIZATION_MATRIX"] != nil {
            try text.write(to: Self.file, atomically: true, encoding: .utf8)
            return
        }
        let known = Set(try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").map(String.init))
        let measured = Set(text.split(separator: "\n").map(String.init))
        for line in measured.subtracting(known).sorted() { Issue.record("not in the matrix: \(line)") }
        for line in known.subtracting(measured).sorted() { Issue.record("not so any more: \(line)") }
    }

    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "AuthorizationMatrix.txt")

    private static var legend: [String] {
        let credentials = Credential.allCases.enumerated().map { "#   \($0.offset + 1). \($0.element.rawValue)" }
        return [
            "# Who is let in to which route. One letter for each credential:",
            "#   .  let in      1  401      3  403      4  404      0  400", "# Credentials, from left to right:",
        ] + credentials + [
            "# Objects: own is of the organization default, whose owner has credentials 7 to 11; foreign is of another,",
            "# whose owner has the last; absent does not exist. A dash stands for a route that names no object.", "",
        ]
    }

    private enum Credential: String, CaseIterable {
        case nothing = "no credential"
        case garbage = "a token that does not exist"
        case expired = "an expired access token of the owner"
        case revoked = "a revoked access token of the owner"
        case anonKey = "the project's anon key"
        case serviceKey = "the project's service_role key"
        case session = "a session of the owner"
        case personal = "a personal access token of the owner"
        case scoped = "a scoped token of the owner with the route's permissions alone"
        case scopedOther = "a scoped token of the owner with all other permissions"
        case scopedElsewhere = "a scoped token of the owner with all permissions for another own project"
        case administrator = "an administrator"
        case developer = "a developer"
        case readOnly = "a read-only member"
        case foreignOwner = "the owner of the foreign organization"

        static let invalid: [Credential] = [.nothing, .garbage, .expired, .revoked, .anonKey, .serviceKey]
        static let owners: [Credential] = [.session, .personal, .scoped, .scopedOther, .scopedElsewhere]
    }

    private enum Object: String, CaseIterable { case own, foreign, absent }

    private struct Outcome {
        let route: Route
        let object: Object
        let letters: [Credential: String]
    }

    // MARK: - Rules that hold whatever the file says

    private static func checkRules(_ outcomes: [Outcome]) {
        for outcome in outcomes {
            let name = "\(outcome.route.name) \(outcome.object)"
            for credential in Credential.invalid {
                let wanted = outcome.route.access == .open ? "." : "1"
                #expect(outcome.letters[credential] == wanted, "\(name): \(credential.rawValue)")
            }
            if case .anyOf = outcome.route.access {
                #expect(outcome.letters[.scopedOther] != ".", "\(name): a token without the permission is let in")
            }
        }
        // No answer reveals whether an object of another account exists.
        for (name, group) in Dictionary(grouping: outcomes, by: \.route.name) {
            guard let foreign = group.first(where: { $0.object == .foreign }),
                let absent = group.first(where: { $0.object == .absent })
            else { continue }
            for credential in Credential.owners + [.administrator, .developer, .readOnly] {
                #expect(
                    foreign.letters[credential] == absent.letters[credential],
                    "\(name): \(credential.rawValue) can tell foreign from absent")
            }
        }
    }

    // MARK: - Measuring

    private struct World {
        let host: APIHost
        let refs: [Object: ProjectRef]
        let slugs: [Object: String] = [.own: "default", .foreign: "elsewhere", .absent: "nowhere"]
        var tokens: [Credential: String]
        let second: ProjectRef
    }

    private static func measure() async throws -> ([String], [Outcome]) {
        try await APIHost.run { host in
            var world = try await self.world(host)
            var lines: [String] = []
            var outcomes: [Outcome] = []
            let routes = host.api.pipeline.routes.routes.sorted {
                ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue)
            }
            for route in routes {
                try await scope(&world, to: route)
                let names = route.parameterNames.contains("ref") || route.parameterNames.contains("slug")
                for object in names || bodyNamesObject.contains(route.name) ? Object.allCases : [.own] {
                    var letters: [Credential: String] = [:]
                    for credential in Credential.allCases {
                        letters[credential] = try await letter(
                            route, object: object, token: world.tokens[credential], world: world)
                    }
                    outcomes.append(Outcome(route: route, object: object, letters: letters))
                    let row = Credential.allCases.map { letters[$0] ?? "?" }.joined()
                    let what = names || bodyNamesObject.contains(route.name) ? object.rawValue : "-"
                    let end = what.padding(toLength: 8, withPad: " ", startingAt: 0)
                    lines.append("\(row)  \(end)\(route.name)")
                }
            }
            return (lines, outcomes)
        }
    }

    /// Routes whose body names the organization.
    private static let bodyNamesObject: Set<String> = ["POST /platform/projects", "POST /v1/projects"]

    private static func world(_ host: APIHost) async throws -> World {
        let own = try await host.create("own")
        let second = try await host.create("second")
        let body = APIHost.createBody("foreign").replacing("default", with: "elsewhere")
        let made = try await host.send("POST", "/platform/projects", body: body, token: Person.stranger.token)
        guard let foreign = try made.json["ref"]?.text.flatMap({ ProjectRef($0) }) else {
            throw HostError("there is no foreign project")
        }
        let keys = try await host.send("GET", "/v1/projects/\(own)/api-keys?reveal=true").json
        func key(_ name: String) -> String {
            for index in 0..<keys.count where keys[index]?["name"]?.text == name {
                return keys[index]?["api_key"]?.text ?? ""
            }
            return ""
        }
        let owner = Person.owner.account
        let expired = "sbp_" + String(repeating: "ee", count: 20)
        _ = try await host.identities.insert(
            NewAccessToken(
                account: owner.id, name: "expired", alias: "sbp_e",
                digest: try host.directory.digest(of: Secret(expired)),
                expiresAt: Timestamp(milliseconds: 1_700_000_000_001), at: owner.insertedAt), limit: 100)
        let (record, revoked) = try await host.directory.createAccessToken(
            of: owner.id, name: "revoked", expiresAt: nil)
        try await host.directory.revokeAccessToken(record.key, of: owner.id)
        return World(
            host: host, refs: [.own: own, .foreign: foreign, .absent: .sample(4_711)],
            tokens: [
                .garbage: "sbp_" + String(repeating: "dd", count: 20), .expired: expired, .revoked: revoked.reveal(),
                .anonKey: key("anon"), .serviceKey: key("service_role"), .session: try await host.session(of: .owner),
                .personal: Person.owner.token, .administrator: Person.administrator.token,
                .developer: Person.developer.token, .readOnly: Person.readOnly.token,
                .foreignOwner: Person.stranger.token,
            ], second: second)
    }

    /// Gives the world scoped tokens for a route. The ones for the route before are revoked, so that their number stays
    /// bounded.
    private static func scope(_ world: inout World, to route: Route) async throws {
        let owner = Person.owner.account.id
        for token in try await world.host.directory.accessTokens(.scoped, of: owner) {
            try await world.host.directory.revokeAccessToken(token.key, of: owner)
        }
        let needed: Set<Permission> =
            switch route.access {
            case .anyOf(let permissions): Set(permissions)
            case .installation(let permission): [permission]
            case .open, .signedIn, .wholeAccount, .session: [.advisorsRead]
            }
        func token(_ permissions: Set<Permission>, _ refs: Set<ProjectRef>?) async throws -> String {
            try await world.host.directory.createAccessToken(
                of: owner, name: "scoped",
                scope: TokenLimits(permissions: permissions, organizationSlugs: nil, projectRefs: refs), expiresAt: nil
            ).1.reveal()
        }
        world.tokens[.scoped] = try await token(needed, nil)
        world.tokens[.scopedOther] = try await token(Set(Permission.allCases).subtracting(needed), nil)
        world.tokens[.scopedElsewhere] = try await token(Set(Permission.allCases), [world.second])
    }

    /// The outcome of a request before its handler.
    private static func letter(
        _ route: Route, object: Object, token: String?, world: World
    ) async throws -> String {
        guard let ref = world.refs[object], let slug = world.slugs[object],
            let path = AuthorisationTests.path(of: route, ref, slug: slug)
        else { throw HostError("\(route.name) has an unknown parameter") }
        var headers = HTTPFields()
        if let token { headers[.authorization] = "Bearer \(token)" }
        do {
            let found = try world.host.api.pipeline.routes.find(route.method, path)
            let (admission, _) = try await world.host.api.pipeline.authorizer.admit(found, headers, from: "192.0.2.1")
            var body = ByteBuffer()
            if case .json = route.operation.body {
                let text = try route.operation.body.example(ref) ?? ""
                body.writeString(text.replacing("\"default\"", with: "\"\(slug)\""))
            }
            try await route.check(
                APIRequest(
                    parameters: found.parameters, query: try QueryParameters(""), headers: headers, body: body,
                    principal: admission.principal, admitted: admission.project, address: "192.0.2.1"))
            return "."
        } catch let refusal as Authorizer.Refusal {
            return letter(refusal.error)
        } catch {
            return letter(APIError(anything: error))
        }
    }

    private static func letter(_ error: APIError) -> String {
        switch error.status.code {
        case 400: "0"
        case 401: "1"
        case 403: "3"
        case 404: "4"
        default: "\(error.status.code)"
        }
    }
}

import FoundationEssentials
import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects
@testable import SupabaseCompatibility

@Suite("What is around projects, and what is not offered")
struct RemainderTests {
    private static func path(_ path: String, _ ref: ProjectRef) -> String {
        path.replacing("{ref}", with: ref.text).replacing("{slug}", with: "default").split(
            separator: "/", omittingEmptySubsequences: false
        ).map { $0.hasPrefix("{") ? "00000000-0000-4000-8000-000000000099" : String($0) }.joined(separator: "/")
    }

    @Test("every empty answer has its status and its shape, which the host checks")
    func empty() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            for empty in EmptyAnswer.all {
                let answer = try await host.send(
                    empty.method.rawValue, Self.path(empty.path, ref), body: empty.input == .none ? nil : "{}")
                #expect(answer.status == empty.status.code, "\(empty.path)")
                #expect(answer.body.isEmpty == (empty.schema == nil), "\(empty.path)")
                if empty.isCounted { #expect(answer.header("X-Total-Count") == "0", "\(empty.path)") }
            }
        }
    }

    @Test("every refused operation says no with its status and a reason, and changes nothing")
    func refusals() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            let before = try await host.store.project(ref)
            for operation in UnofferedOperation.management + UnofferedOperation.platform {
                let answer = try await host.send(
                    operation.method.rawValue, Self.path(operation.path, ref),
                    body: operation.method == .get ? nil : "{}")
                #expect(answer.status == operation.status.code, "\(operation.name)")
                #expect(try answer.message == operation.message, "\(operation.name)")
                #expect([403, 404, 422].contains(answer.status), "\(operation.name)")
            }
            #expect(try await host.store.project(ref) == before)
            #expect(host.ledger.entries.map(\.deed.action) == ["project.create"])
        }
    }

    @Test("clients get the refusals that they check for")
    func wellKnownRefusals() async throws {
        try await APIHost.run { host async throws in
            let project = "/v1/projects/\(try await host.create())"
            for (method, path, status) in [
                ("POST", "\(project)/branches", 422), ("DELETE", "\(project)/branches", 422),
                ("GET", "\(project)/branches/main", 404), ("GET", "/v1/branches/abcdefghijklmnopqrst", 404),
                ("GET", "\(project)/config/auth/sso/providers", 404), ("GET", "\(project)/custom-hostname", 404),
                ("PATCH", "\(project)/billing/addons", 403),
                ("GET", "/platform/integrations/github/authorization", 404),
                ("GET", "/platform/organizations/default/sso", 404),
            ] {
                let answer = try await host.send(method, path, body: method == "GET" ? nil : "{}")
                #expect(answer.status == status, "\(method) \(path)")
            }
            let hostname = try await host.send("POST", "\(project)/custom-hostname/initialize", body: "{}")
            #expect(try hostname.message?.contains("not offered by this installation") == true)
        }
    }

    /// Answers of `/v1` that come from here, held to the Management API's own document.
    @Test(
        "what is served on /v1 from here is as the Management API documents it",
        .enabled("needs the Management API's document") { ManagementDocument.shared != nil })
    func management() async throws {
        let document = try #require(ManagementDocument.shared)
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            let id = ContentRoutesTests.id(10)
            let snippet = ContentRoutesTests.body(10, #","content":{"sql":"select 1"}"#)
            _ = try await host.send("PUT", "/platform/projects/\(ref)/content", body: snippet)
            let paths =
                NativeRoutes.names.map { ($0, Self.path($0, ref)) } + [
                    ("/v1/projects/available-regions", "/v1/projects/available-regions?organization_slug=default"),
                    ("/v1/snippets/{id}", "/v1/snippets/\(id)"),
                ]
            for (path, sent) in paths {
                let answer = try await host.send("GET", sent)
                #expect(answer.status == 200, "\(path)")
                #expect(document.statuses["GET \(path)"]?.contains(200) == true, "\(path)")
            }
        }
    }

    /// Reads of `/v1` that are answered from here.
    private enum NativeRoutes {
        static let names = [
            "/v1/organizations/{slug}/entitlements", "/v1/projects/{ref}/actions",
            "/v1/projects/{ref}/advisors/performance", "/v1/projects/{ref}/advisors/security",
            "/v1/projects/{ref}/analytics/endpoints/functions.combined-stats",
            "/v1/projects/{ref}/analytics/endpoints/logs.all",
            "/v1/projects/{ref}/analytics/endpoints/usage.api-counts",
            "/v1/projects/{ref}/analytics/endpoints/usage.api-requests-count", "/v1/projects/{ref}/billing/addons",
            "/v1/projects/{ref}/branches", "/v1/projects/{ref}/config/auth/third-party-auth",
            "/v1/projects/{ref}/database/jit", "/v1/projects/{ref}/database/jit/list",
            "/v1/projects/{ref}/jit-access", "/v1/projects/{ref}/readonly", "/v1/projects/{ref}/restore",
            "/v1/projects/{ref}/upgrade/eligibility", "/v1/projects/{ref}/upgrade/status",
            "/v1/projects/{ref}/vanity-subdomain", "/v1/snippets",
        ]
    }

    @Test("regions are recommended by continent, for an organization that one sees")
    func regions() async throws {
        try await APIHost.run { host async throws in
            let path = "/v1/projects/available-regions?organization_slug=default"
            for continent in Region.Continent.allCases {
                let json = try await host.send("GET", "\(path)&continent=\(continent.rawValue)").json
                #expect(json["recommendations"]?["smartGroup"]?["code"] == .string(continent.group.rawValue))
                #expect((json["recommendations"]?["specific"]?.count ?? 0) > 0)
                #expect(json["all"]?["specific"]?.count == Region.all.count)
            }
            let studio = "/platform/projects/available-regions?cloud_provider=AWS_K8S&organization_slug=default"
            #expect(try await host.send("GET", studio).json.all("provider").contains(.string("AWS_K8S")))
            for (path, status) in [
                ("/v1/projects/available-regions", 400), ("\(path)&continent=XX", 400),
                ("\(path)&cloud_provider=ELSEWHERE", 400),
                ("/v1/projects/available-regions?organization_slug=elsewhere", 404),
            ] {
                #expect(try await host.send("GET", path).status == status, "\(path)")
            }
        }
    }

    @Test("the plan is free, so that Studio offers its Pause button")
    func subscription() async throws {
        try await APIHost.run { host async throws in
            let json = try await host.send("GET", "/platform/organizations/default/billing/subscription").json
            #expect(json["plan"]?["id"] == .string("free"))
            #expect(json["addons"] == .array([]))
            let invoices = try await host.send("GET", "/platform/organizations/default/billing/invoices")
            #expect(invoices.header("X-Total-Count") == "0")
            let upcoming = "/platform/organizations/default/billing/invoices/upcoming"
            #expect(try await host.send("GET", upcoming).json["amount_total"] == .number(0))
        }
    }
}

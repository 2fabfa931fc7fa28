import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Errors as statuses")
struct ErrorStatusTests {
    private static let cases: [(CatalogError, Int)] = {
        let ref = ProjectRef.sample()
        guard let range = PortRange(1_024...1_025), let pool = IPv4Network("10.0.0.0/24") else { return [] }
        return [
            (.notFound(ref), 404), (.conflict(.paused, .restartRequested), 409), (.changedMeanwhile(ref), 409),
            (.badName(.empty), 400), (.badPassword("no"), 400), (.template(.badSelection("no rest")), 400),
            (.template(.broken("line 3")), 500), (.leases(.noPorts(range)), 507), (.leases(.noSubnets(pool)), 507),
            (.leases(.store(.unavailable("gone"))), 503), (.leases(.host("no /proc")), 500),
            (.store(.unavailable("gone")), 503), (.store(.nameTaken("demo")), 409), (.store(.leaseTaken), 503),
            (.store(.notFound(ref)), 404), (.store(.refused("syntax")), 500), (.keys(.cannotMint("no entropy")), 500),
            (.keys(.cannotOpen(ref, "wrong key")), 500), (.badSetting("no"), 400), (.notChangeable(.deleting), 409),
            (.noAPIKey("x"), 404), (.keyNameTaken("x"), 409),
        ]
    }()

    @Test("each error of the catalogue has its status, a message, and Retry-After when trying again helps")
    func table() throws {
        #expect(Self.cases.count == 22)
        for (cause, status) in Self.cases {
            let error = APIError(anything: cause)
            #expect(error.status.code == status, "\(cause)")
            #expect(!error.message.isEmpty)
            #expect((error.headers[.retryAfter] != nil) == (status == 503))
            let answer = APIResponse(error)
            #expect(try JSONValue(bytes: Array(answer.body.readableBytesView))["message"] == .string(error.message))
        }
    }

    @Test("what the database refused is for the log, however deep it is wrapped, and not for the client")
    func refused() {
        let cause = StoreError.refused("column x does not exist")
        for wrapped in [cause, CatalogError.leases(.store(cause)), IdentityError.store(cause)] as [any Error] {
            let error = APIError(anything: wrapped)
            #expect(error.detail == "the database refused: column x does not exist")
            #expect(!error.message.contains("column"))
        }
    }

    @Test("an error that is not ours is 500 and keeps its details to itself")
    func unknown() {
        struct Leak: Error { let password = "hunter2" }
        let error = APIError(anything: Leak())
        #expect(error.status == .internalServerError)
        #expect(!error.message.contains("hunter2"))
    }

    @Test("a message with any character stays valid JSON")
    func quoting() throws {
        let text = (0..<0x300).compactMap(Unicode.Scalar.init).map(String.init).joined() + "日本🎉\"\\"
        let body = APIResponse(APIError(.badRequest, text)).body
        #expect(try JSONValue(bytes: Array(body.readableBytesView)) == .object(["message": .string(text)]))
    }

    @Test("a database that is down is 503 with Retry-After on every route that needs it, and no request hangs")
    func storeDown() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.store.setDown(true)
            for route in allRoutes() where route.access != .open && route.parameterNames.contains("ref") {
                let path = route.path.replacing("{ref}", with: ref.text)
                let answer = try await host.send(
                    route.method.rawValue, path,
                    body: route.method == .post ? APIHost.createBody("other") : nil)
                #expect(answer.status == 503, "\(route.name)")
                #expect(answer.header("Retry-After") == "2")
            }
            host.store.setDown(false)
            #expect(try await host.store.refs() == [ref])
        }
    }

    @Test(
        "a project too many for its organization is 400 on both paths, and says the limit",
        arguments: ["platform", "v1"])
    func organizationFull(path: String) async throws {
        try await APIHost.run(organizationLimit: 2) { host in
            let first = try await host.create("one")
            _ = try await host.create("two")
            let body = #"{"name":"three","organization_slug":"default","db_pass":"a-long-password"}"#
            let answer = try await host.send("POST", "/\(path)/projects", body: body)
            #expect(answer.status == 400)
            #expect(try answer.json["message"]?.text?.contains("reached its limit of 2 projects") == true)
            try await host.bring(first, to: .deleted)
            #expect(try await host.send("POST", "/\(path)/projects", body: body).status == 201)
        }
    }

    @Test("when no port is left a creation is 507, and nothing is created")
    func noPorts() async throws {
        try await APIHost.run(ports: "61000-61002") { host in
            _ = try await host.create("first")
            let answer = try await host.send("POST", "/platform/projects", body: APIHost.createBody("second"))
            #expect(answer.status == 507)
            #expect(try answer.message?.contains("SUPAMANAGER_PORT_RANGE") == true)
            #expect(try await host.store.refs().count == 1)
        }
    }
}

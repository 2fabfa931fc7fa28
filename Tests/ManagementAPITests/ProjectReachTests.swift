import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// While a container is down, any user of this host may listen on the port that it published.
@Suite("The way to a project's services", .timeLimit(.minutes(2)))
struct ProjectReachTests {
    @Test("keys and passwords go to the containers' own addresses, and nowhere while there is no container")
    func addresses() async throws {
        try await APIHost.run(standInAddresses: false) { host in
            host.gateways.setAnswer { _ in
                GatewayAnswer(status: 200, contentType: "application/json", body: Array("[]".utf8))
            }
            let ref = try await host.create()
            #expect(try await Self.ask(host, ref) == [503, 503])
            try await host.withLoops {
                try await host.wait(for: .active, of: ref)
                #expect(try await Self.ask(host, ref) == [200, 201])
                let gateway = try #require(Self.address(of: .gateway, host, ref))
                #expect(host.gateways.calls.last?.target.baseURL == "http://\(gateway):80")
                #expect(host.databases.calls.last?.target.host == Self.address(of: .db, host, ref)?.description)
                #expect(host.databases.calls.last?.target.port == 80)
                // Both go down and cannot be started again.
                for service in [ServiceName.gateway, .db] {
                    host.engine.behave(service, as: ServiceBehaviour(refusal: .refused(status: 500, message: "no")))
                    host.engine.kill(service, of: ref)
                }
                let end = ContinuousClock.now + .seconds(30)
                var answers = try await Self.ask(host, ref)
                while answers != [503, 503], ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(50))
                    answers = try await Self.ask(host, ref)
                }
                #expect(answers == [503, 503])
            }
            let ports = try await host.store.project(ref)?.leases?.ports ?? [:]
            #expect(!ports.isEmpty)
            let gateways = Set(host.gateways.calls.map(\.target.baseURL))
            #expect(gateways.allSatisfy { url in !ports.values.contains { url.hasSuffix(":\($0)") } }, "\(gateways)")
            #expect(gateways.allSatisfy { $0.hasPrefix("http://10.201.") && $0.hasSuffix(":80") }, "\(gateways)")
            let databases = Set(host.databases.calls.map { "\($0.target.host):\($0.target.port)" })
            #expect(databases.allSatisfy { $0.hasPrefix("10.201.") && $0.hasSuffix(":80") }, "\(databases)")
        }
    }

    /// The statuses of a request to the gateway and of one to the database.
    private static func ask(_ host: APIHost, _ ref: ProjectRef) async throws -> [Int] {
        let list = try await host.send("GET", "/v1/projects/\(ref)/storage/buckets")
        let rows = try await host.send("POST", "/v1/projects/\(ref)/database/query", body: #"{"query":"select 1"}"#)
        return [list.status, rows.status]
    }

    private static func address(of service: ServiceName, _ host: APIHost, _ ref: ProjectRef) -> IPv4Address? {
        host.engine.container(service, of: ref)?.attachments.first?.address
    }
}

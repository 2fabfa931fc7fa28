import HTTPTypes
import NIOCore
import OrchestratorTesting
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// A body costs what its route needs, and no more: by size, by number of values, by depth.
@Suite("Limits of request bodies")
struct BodyLimitTests {
    @Test("only routes that take SQL, snippets, templates, lists of files or secrets accept more than 64 KiB")
    func declared() {
        #expect(ServerLimits().bytesMax(.standard) == 64 << 10)
        #expect(ServerLimits().bytesMax(.large) == 2 << 20)
        let large = allRoutes().filter { $0.bodySize == .large }.map(\.operation.summary)
        #expect(!large.isEmpty && large.count < 24, "\(large)")
        for route in allRoutes() where route.bodySize == .large {
            #expect(route.access != .open, "\(route.name)")
            guard case .anyOf = route.access else {
                Issue.record("\(route.name) takes large bodies without a permission")
                continue
            }
        }
        #expect(allRoutes().allSatisfy { [.upload, .streamed].contains($0.bodySize) == $0.operation.body.isUpload })
    }

    @Test("two megabytes of values are refused on every route that takes JSON, and each is read once at most")
    func manyValues() async throws {
        let flood = "[" + String(repeating: "{},", count: 690_000) + "{}]"
        try await APIHost.run { host in
            // Who may not is refused whatever the body; the account's own routes are for sessions alone.
            let session = try await host.session(of: .owner)
            for (method, path) in [
                ("PUT", "/auth/v1/user"), ("POST", "/platform/projects"), ("PATCH", "/platform/profile"),
            ] {
                let answer = try await host.send(method, path, body: #"{"data":{"a":\#(flood)}}"#, token: session)
                #expect(answer.status == 413, "\(method) \(path)")
            }
            let ref = try await host.create()
            let answer = try await host.send(
                "POST", "/platform/pg-meta/\(ref)/query", body: #"{"query":"select 1","parameters":\#(flood)}"#)
            #expect(answer.status == 413)
            #expect(try answer.message != nil)
        }
    }

    @Test("a body that the reader refuses is 400 or 413 with a message, and no handler sees it")
    func refusals() async throws {
        try await APIHost.run { host in
            for (body, status) in [
                (#"{"name":"a","name":"b","organization_slug":"default"}"#, 400),
                (#"{"name":\#(String(repeating: "[", count: 70))"#, 400),
                (#"{"x":[\#(String(repeating: "0,", count: 9_000))0]}"#, 413),
            ] {
                let answer = try await host.send("POST", "/platform/projects", body: body)
                #expect(answer.status == status, "\(body.prefix(60))")
            }
            #expect(try await host.store.refs().isEmpty)
        }
    }

    @Test("long bodies are read apart from the caller, two at a time; what does not fit the queue is 503")
    func lanes() async throws {
        let parser = BodyParser()
        let body = ByteBuffer(string: "[" + String(repeating: "[],", count: 60_000) + "0]")
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    switch await parser.parse(body, limits: .largeBody) {
                    case .success: 200
                    case .failure(let error): error.status.code
                    }
                }
            }
            return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(Set(statuses.keys).isSubset(of: [200, 503]))
        #expect((statuses[200] ?? 0) >= BodyParser.runningMax + BodyParser.waitingMax)
        // The places are free afterwards.
        guard case .success = await parser.parse(body, limits: .largeBody) else {
            Issue.record("a place was lost")
            return
        }
    }
}

import CurlKit
import Foundation
import HTTPStub
import ManagementClient
import ProjectModel
import Synchronization
import Testing

/// A project that tests talk about.
enum Sample {
    static let refText = "abcdefghijklmnopqrst"
    static let token = "sbp_" + String(repeating: "a1", count: 20)

    static func ref() throws -> ProjectRef { try #require(ProjectRef(refText)) }

    static func detail(name: String = "shop", status: String = "ACTIVE_HEALTHY", ref: String = refText) -> String {
        """
        {"id": 1, "ref": "\(ref)", "name": "\(name)", "status": "\(status)", "organization_id": 1, "region": "local",
         "cloud_provider": "AWS", "inserted_at": "2026-01-01T00:00:00.000Z", "db_host": "127.0.0.1",
         "connectionString": "", "restUrl": "http://127.0.0.1:54321/rest/v1/", "dbVersion": "supabase-postgres-17"}
        """
    }

    static func row(name: String, ref: String = refText) -> String {
        """
        {"id": 1, "ref": "\(ref)", "name": "\(name)", "status": "COMING_UP", "region": "local", "organization_id": 1,
         "organization_slug": "default", "inserted_at": "2026-01-01T00:00:00.000Z", "cloud_provider": "AWS"}
        """
    }

    static func progress(_ status: String, services: [(String, String)] = [], failure: String = "null") -> String {
        let list = services.map {
            #"{"service": "\#($0.0)", "state": "\#($0.1)", "message": null, "observed_at": null}"#
        }
        return """
            {"ref": "\(refText)", "status": "\(status)", "failure": \(failure),
             "services": [\(list.joined(separator: ","))]}
            """
    }
}

/// Times that a client waited.
final class Pauses: Sendable {
    private let list = Mutex<[Duration]>([])

    var all: [Duration] { list.withLock { $0 } }

    func add(_ duration: Duration) { list.withLock { $0.append(duration) } }
}

/// A count that goes up.
final class Counter: Sendable {
    private let value = Mutex(0)

    /// The count before it goes up.
    func next() -> Int {
        value.withLock { count in
            defer { count += 1 }
            return count
        }
    }
}

/// Runs a test with a stub in place of the API, and a client that waits for nothing.
func withAPI(
    policy: RetryPolicy = RetryPolicy(), answer: @escaping @Sendable (StubRequest) -> [StubStep],
    test: (ManagementClient, StubServer, Pauses) async throws -> Void
) async throws {
    let stub = try StubServer(.loopback, answer: answer)
    defer { stub.stop() }
    let http = try HTTPClient()
    let pauses = Pauses()
    let client = ManagementClient(
        try APIAddress("http://127.0.0.1:\(stub.port)"), token: Secret(Sample.token), version: "9.9.9", http: http,
        policy: policy, pause: { pauses.add($0) })
    let outcome: Result<Void, any Error>
    do {
        try await test(client, stub, pauses)
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    await http.shutdown()
    try outcome.get()
}

/// The client's error that `body` throws; records an issue if it throws none.
func clientError(_ body: () async throws -> Void) async -> ClientError? {
    do {
        try await body()
        Issue.record("no error was thrown")
        return nil
    } catch let error as ClientError {
        return error
    } catch {
        Issue.record("another kind of error was thrown: \(error)")
        return nil
    }
}

func withFolder(_ test: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/smtest-cli-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await test(folder)
}

/// Numbers that are the same in every run (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

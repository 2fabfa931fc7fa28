import DataPlaneCore
import PostgresKit
import Testing

@testable import RestAPI

@Suite("Requests that event loops work on")
struct BriefRequestTests {
    @Test("the description of a schema and long queries are not worked on by event loops")
    func briefRequests() async throws {
        let pool = PostgresPool(try PostgresConnectionParameters(url: "postgresql://nobody@localhost/nothing"))
        let service = RestService(
            configuration: RestConfiguration(), pool: pool, verifier: TokenVerifier(keys: [], audience: nil),
            clock: { 1_000 })
        func isBrief(_ path: String, query: String = "select=id") -> Bool {
            service.isBrief(RestHTTPRequest(method: "GET", path: path, query: query, headers: [], body: []))
        }
        #expect(["/authors", "/rpc/add", "/a/b"].allSatisfy { isBrief($0) })
        #expect(["", "/"].allSatisfy { !isBrief($0) })
        let bytesMax = RestConfiguration.briefQueryBytesMax
        #expect(isBrief("/authors", query: String(repeating: "x", count: bytesMax)))
        #expect(!isBrief("/authors", query: String(repeating: "x", count: bytesMax + 1)))
        await pool.close()
    }
}

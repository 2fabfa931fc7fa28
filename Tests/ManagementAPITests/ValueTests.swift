import FoundationEssentials
import HTTPTypes
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Values")
struct ValueTests {
    @Test(
        "times are written as RFC 3339 has them",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func rfc3339(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test("any time reads back as itself", arguments: UInt64(0)..<200)
    func rfc3339RoundTrip(seed: UInt64) throws {
        // From 1970 to 2370 in steps that hit every part of a day.
        let milliseconds = Int64(seed) * 63_113_904_321
        let text = Timestamp(milliseconds: milliseconds).rfc3339
        let date = try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        #expect(Int64((date.timeIntervalSince1970 * 1_000).rounded()) == milliseconds)
    }

    @Test("queries are decoded once, and the last value of a name counts")
    func query() throws {
        let query = try QueryParameters("a=1&b=x%20y+z&a=2&c&%64=%2526&&=")
        #expect(query["a"] == "2")
        #expect(query["b"] == "x y z")
        #expect(query["c"]?.isEmpty == true)
        #expect(query["d"] == "%26")
        #expect(query["e"] == nil)
        for bad in ["a=%", "a=%1", "a=%g0", "%=1", "a=%C3"] {
            #expect(throws: APIError.self, "\(bad)") { try QueryParameters(bad) }
        }
    }

    @Test("truth has many spellings")
    func flags() throws {
        for text in ["true", "1", "yes", "on", "y", "enabled", "TRUE"] {
            #expect(try QueryParameters("f=\(text)").flag("f", default: false))
        }
        for text in ["false", "0", "no", "off", "n", "disabled"] {
            #expect(try !QueryParameters("f=\(text)").flag("f", default: true))
        }
        #expect(try QueryParameters("").flag("f", default: true))
        #expect(throws: APIError.self) { try QueryParameters("f=2").flag("f", default: true) }
    }

    @Test("addresses are read with and without brackets")
    func addresses() {
        #expect(ListenAddress("127.0.0.1:8080") == ListenAddress(host: "127.0.0.1", port: 8_080))
        #expect(ListenAddress("[::1]:0") == ListenAddress(host: "::1", port: 0))
        #expect(ListenAddress("[::1]:1")?.description == "[::1]:1")
        #expect(ListenAddress("localhost:65535")?.description == "localhost:65535")
        for bad in ["", ":8080", "8080", "127.0.0.1", "127.0.0.1:", "h:65536", "h:-1", "::1:80", "[]:1", "a b:1"] {
            #expect(ListenAddress(bad) == nil, "\(bad)")
        }
    }

    @Test("of two paths that match, the one that says more is meant")
    func specificity() throws {
        let handler: Route.Handler = { _ in APIResponse(.ok) }
        let table = RouteTable([
            Route(
                .get, "/p/{ref}", access: .open, operation: Operation(summary: "", answer: .empty(.ok)),
                handler: handler),
            Route(
                .post, "/p/{ref}", access: .open, operation: Operation(summary: "", answer: .empty(.ok)),
                handler: handler),
            Route(
                .get, "/p/regions", access: .open, operation: Operation(summary: "", answer: .empty(.ok)),
                handler: handler),
        ])
        #expect(try table.find(.get, "/p/regions").route.path == "/p/regions")
        #expect(try table.find(.get, "/p/other").parameters == ["ref": "other"])
        #expect(throws: APIError.wrongMethod([.get, .head, .options])) { try table.find(.post, "/p/regions") }
    }

    @Test("no two routes have the same method and path")
    func uniqueRoutes() {
        let names = allRoutes().map(\.name)
        #expect(names.count > 20)
        #expect(Set(names).count == names.count)
    }
}

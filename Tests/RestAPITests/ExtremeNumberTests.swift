import Testing

@testable import RestAPI

@Suite("Numbers of clients")
struct ExtremeNumberTests {
    private static let numbers = [
        "0", "1", "-1", "\(Int64.max)", "\(Int64.max - 1)", "\(Int64.min)", "9223372036854775808",
        "-9223372036854775809", "x",
    ]
    private static let ranges: [String?] = [
        nil, "5-", "0-0", "0-\(Int64.max)", "\(Int64.max)-", "1-\(Int64.max)", "0-9223372036854775808",
    ]
    private static let paths = ["/authors", "/rpc/nums", "/rpc/one", "/rpc/many"]

    @Test("no number in limit, offset, Range or max-rows traps, or makes a negative range", arguments: paths)
    func extremes(path: String) {
        let hasEmbeds = path == "/authors" || path == "/rpc/many"
        for limit in Self.numbers {
            for offset in Self.numbers {
                let embeds = hasEmbeds ? "&select=id,books(id)&books.limit=\(offset)&books.offset=\(limit)" : ""
                for range in Self.ranges {
                    check(path, "limit=\(limit)&offset=\(offset)\(embeds)", range: range, maxRows: nil)
                    check(path, "limit=\(limit)&offset=\(offset)\(embeds)", range: range, maxRows: .max)
                }
            }
        }
    }

    private func check(_ path: String, _ query: String, range: String?, maxRows: Int64?) {
        var headers: [(name: String, value: String)] = [("prefer", "count=estimated")]
        if let range { headers.append((name: "range", value: range)) }
        do throws(RestError) {
            let plan = try CallFixture.plan("GET", path, query: query, headers: headers, maxRows: maxRows)
            #expect(plan.range.offset >= 0 && plan.range.limit ?? 0 >= 0, "\(path)?\(query) \(range ?? "")")
            #expect(!RowRange.header(first: plan.range.offset, count: .max, total: nil).isEmpty)
        } catch { #expect(error.code == "PGRST103", "\(path)?\(query) \(range ?? "")") }
    }

    @Test(
        "a negative limit is refused, whatever is asked for",
        arguments: [
            ("GET", "/authors", "limit=-1"), ("HEAD", "/authors", "limit=-1"), ("GET", "/rpc/nums", "limit=-1"),
            ("GET", "/rpc/nums", "limit=-9223372036854775808"), ("GET", "/rpc/one", "limit=-1"),
            ("POST", "/rpc/nums", "limit=-1"), ("POST", "/authors", "limit=-1"), ("DELETE", "/authors", "limit=-1"),
            ("GET", "/authors", "select=id,books(id)&books.limit=-1"),
        ])
    func negative(method: String, path: String, query: String) throws {
        let error = try #require(throws: RestError.self) {
            try CallFixture.plan(
                method, path, query: query, headers: method == "GET" ? [(name: "range", value: "5-")] : [],
                body: method == "POST" ? "{}" : "")
        }
        #expect(error == RestError.negativeLimit && error.status == 416)
    }

    @Test("a limit and a Range give the rows that lie in both")
    func intersection() throws {
        let range = [(name: "range", value: "5-7")]
        let plan = try CallFixture.plan("GET", "/rpc/nums", query: "limit=4&offset=3", headers: range)
        #expect(plan.range == RowRange(offset: 5, limit: 2))
        #expect(RowRange(offset: 9, limit: 1).intersection(RowRange(offset: 2, limit: 3)).limit == 0)
    }

    @Test("the rows in two ranges do not depend on their order", arguments: 0..<100)
    func symmetry(seed: UInt64) {
        var random = Numbers(state: seed)
        let values: [Int64] = [0, 1, 2, Int64.max - 1, Int64.max, Int64.min, Int64.min + 1, -1]
        func value() -> Int64 { values[Int(random.next() % UInt64(values.count))] }
        let left = RowRange(offset: value(), limit: random.next() % 4 == 0 ? nil : value())
        let right = RowRange(offset: value(), limit: random.next() % 4 == 0 ? nil : value())
        let both = left.intersection(right)
        #expect(both == right.intersection(left))
        #expect(both.offset >= 0 && both.limit ?? 0 >= 0)
    }

    @Test("a sum beyond the numbers is the last of them")
    func saturation() {
        #expect(Int64.max.addingSaturating(1) == .max && Int64.min.addingSaturating(-1) == .min)
        #expect(Int64(2).addingSaturating(-3) == -1)
    }
}

import Orchestrator
import PostgresKit
import ProjectModel
import Testing

@testable import ProjectAccess

@Suite("JSON scanner")
struct JSONScannerTests {
    @Test(
        "documents",
        arguments: [
            "1", "-0", "0.5", "1e5", "1E-5", "-1.25e+10", "\"\"", "\"a\\u00e9\\n\\/\"", "true", "false", "null", "[]",
            "{}",
            " [ 1 , {\"a\" : [ ] , \"b\":{}} , \"x\" ]\n", "{\"a\":1,\"a\":2}", "[[[]],[{}]]", "\"é😀\"",
        ])
    func valid(text: String) { #expect(JSONScanner.isDocument(Array(text.utf8))) }

    @Test(
        "other texts",
        arguments: [
            "", " ", "1 2", "01", "+1", "1.", ".5", "1e", "-", "NaN", "Infinity", "tru", "nulll", "\"", "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u123", "\"a\nb\"", "[", "]", "[1,]", "[,1]", "[1 2]", "{", "{1:2}", "{\"a\"}", "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1]", "[1}", "'a'", "{\"a\" 1}", "[1]]", "\u{b}1", "1\u{a0}", "/**/1", "{\"a\":1 \"b\":2}",
        ])
    func invalid(text: String) { #expect(!JSONScanner.isDocument(Array(text.utf8))) }

    @Test("depth is bounded")
    func depth() {
        let deepest = JSONScanner.maximumDepth
        for (depth, isValid) in [(deepest, true), (deepest + 1, false)] {
            let text = String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
            #expect(JSONScanner.isDocument(Array(text.utf8)) == isValid)
        }
    }

    @Test("whatever a server sends for a type, valid JSON comes out", arguments: 0..<20 as Range<UInt64>)
    func anyBytes(seed: UInt64) {
        var generator = SplitMix(state: seed)
        let pieces = [
            "{", "}", ",", "\"", "\\", "NULL", "1", "-", ".", "e5", "t", "[0:1]=", "é", " ", "\u{1}", "null", "a",
        ]
        let forms: [ValueForm] = [
            .text, .integer, .bigInteger, .float, .bool, .json, .array(.integer), .array(.json), .array(.text),
            .array(.float), .array(.bool),
        ]
        for _ in 0..<300 {
            let count = Int.random(in: 0...7, using: &generator)
            var text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined().utf8.map { $0 }
            if Bool.random(using: &generator) { text.append(UInt8.random(in: 0...255, using: &generator)) }
            for form in forms {
                var json: [UInt8] = []
                form.append(text, to: &json)
                #expect(JSONScanner.isDocument(json), "\(form): \(String(decoding: text, as: UTF8.self))")
                #expect(String(validating: json, as: UTF8.self) != nil)
            }
        }
    }

    @Test("arrays have no more dimensions than PostgreSQL's")
    func dimensions() {
        for (depth, isArray) in [(6, true), (7, false)] {
            let text = String(repeating: "{", count: depth) + "1" + String(repeating: "}", count: depth)
            var json: [UInt8] = []
            ValueForm.array(.integer).append(Array(text.utf8), to: &json)
            #expect(json.first == UInt8(ascii: isArray ? "[" : "\""))
        }
    }
}

@Suite("Limits of sessions")
struct SessionQueueTests {
    private let refs = ["aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccc"].compactMap {
        ProjectRef($0)
    }

    private func limits(
        perProject: Int, perAccount: Int, maximum: Int, waiters: Int, waitersPerHolder: Int = 9
    ) -> SessionQueue.Limits {
        SessionQueue.Limits(
            perProject: perProject, perAccount: perAccount, maximum: maximum, waiters: waiters,
            waitersPerHolder: waitersPerHolder)
    }

    @Test("neither a project nor an account can take all places of those who wait")
    func waiting() {
        var state = SessionQueue(limits(perProject: 1, perAccount: 3, maximum: 9, waiters: 5, waitersPerHolder: 2))
        let (first, second, third) = (refs[0], refs[1], refs[2])
        let ofProject = (0..<4).map { _ in state.acquire(SessionQueue.Holder(ref: first)) }
        #expect(ofProject == [.granted, .wait(1), .wait(2), .refused])
        let ofAccount = (0..<4).map { _ in state.acquire(SessionQueue.Holder(ref: second, account: "a")) }
        #expect(ofAccount == [.granted, .wait(3), .wait(4), .refused])
        let elsewhere = (0..<2).map { _ in state.acquire(SessionQueue.Holder(ref: third, account: "a")) }
        #expect(elsewhere == [.granted, .refused])
        let others = (0..<2).map { _ in state.acquire(SessionQueue.Holder(ref: third, account: "b")) }
        #expect(others == [.wait(5), .refused])
        #expect(state.release(SessionQueue.Holder(ref: first)) == 1)
    }

    @Test("a project that has all of its sessions does not hold up the others")
    func fairness() {
        var state = SessionQueue(limits(perProject: 1, perAccount: 9, maximum: 2, waiters: 3))
        let asked = [0, 0, 1, 2, 0, 1].map { state.acquire(SessionQueue.Holder(ref: refs[$0])) }
        #expect(asked == [.granted, .wait(1), .granted, .wait(2), .wait(3), .refused])
        let served = [1, 0].map { state.release(SessionQueue.Holder(ref: refs[$0])) }
        #expect(served == [2, 1])
        let abandoned = [state.abandon(3), state.abandon(3), state.abandon(1)]
        #expect(abandoned == [true, false, false])
        let nobody = [0, 2].map { state.release(SessionQueue.Holder(ref: refs[$0])) }
        #expect(nobody == [nil, nil])
        #expect(state.total == 0)
    }

    @Test("an account with many projects does not take all sessions; the manager itself is not held up by it")
    func accounts() {
        var state = SessionQueue(limits(perProject: 2, perAccount: 2, maximum: 4, waiters: 3))
        let asked = refs.prefix(3).map { state.acquire(SessionQueue.Holder(ref: $0, account: "a")) }
        #expect(asked == [.granted, .granted, .wait(1)])
        #expect(state.acquire(SessionQueue.Holder(ref: refs[2], account: "b")) == .granted)
        #expect(state.acquire(SessionQueue.Holder(ref: refs[2])) == .granted)
        // Another account's free session does not help the account that waits.
        #expect(state.release(SessionQueue.Holder(ref: refs[2], account: "b")) == nil)
        #expect(state.release(SessionQueue.Holder(ref: refs[0], account: "a")) == 1)
    }

    @Test(
        "no history of calls exceeds a bound, loses a session or leaves one free while a caller may have it",
        arguments: 0..<30 as Range<UInt64>)
    func histories(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var state = SessionQueue(limits(perProject: 2, perAccount: 9, maximum: 3, waiters: 4))
        var taken: [ProjectRef: Int] = [:]
        var waiting: [SessionQueue.WaiterID: ProjectRef] = [:]
        for _ in 0..<400 {
            let ref = refs[Int.random(in: 0..<refs.count, using: &generator)]
            switch Int.random(in: 0..<5, using: &generator) {
            case 0...1:
                switch state.acquire(SessionQueue.Holder(ref: ref)) {
                case .granted: taken[ref, default: 0] += 1
                case .wait(let id): waiting[id] = ref
                case .refused: #expect(waiting.count == 4)
                }
            case 2...3 where taken[ref, default: 0] > 0:
                taken[ref, default: 0] -= 1
                if let id = state.release(SessionQueue.Holder(ref: ref)), let next = waiting.removeValue(forKey: id) {
                    taken[next, default: 0] += 1
                }
            default:
                guard let id = waiting.keys.randomElement(using: &generator) else { continue }
                let waited = state.abandon(id)
                #expect(waited)
                waiting[id] = nil
            }
            let total = taken.values.reduce(0, +)
            #expect(total == state.total && total <= 3 && taken.values.allSatisfy { $0 <= 2 })
            let couldEnter = waiting.values.contains { total < 3 && taken[$0, default: 0] < 2 }
            #expect(!couldEnter)
        }
    }
}

@Suite("Query failures")
struct QueryFailureTests {
    @Test("the body has the fields that there are, as postgres-meta writes them")
    func body() {
        var failure = QueryFailure(message: "relation \"x\" does not exist", code: "42P01")
        failure.position = 15
        failure.format(sql: "select * from x")
        let expected = """
            {"error":"ERROR:  42P01: relation \\"x\\" does not exist\\nLINE 1: select * from x\\n\
            \(String(repeating: " ", count: 22))^\\n","name":"error","severity":"ERROR","code":"42P01","position":"15",\
            "message":"relation \\"x\\" does not exist","formattedError":"ERROR:  42P01: relation \\"x\\" does not \
            exist\\nLINE 1: select * from x\\n\(String(repeating: " ", count: 22))^\\n"}
            """
        #expect(String(decoding: failure.json, as: UTF8.self) == expected)
    }

    @Test("every optional field gets into the body")
    func allFields() {
        var failure = QueryFailure(message: "m", code: "P0001", severity: "FATAL")
        (failure.position, failure.internalPosition) = (1, 2)
        (failure.detail, failure.hint, failure.internalQuery, failure.where) = ("d", "h", "q", "w")
        (failure.schema, failure.table, failure.column, failure.dataType) = ("s", "t", "c", "dt")
        failure.constraint = "n"
        failure.source = QueryFailure.Source(file: "f", line: "7", routine: "r")
        failure.format(sql: "")
        #expect(JSONScanner.isDocument(failure.json))
        let body = String(decoding: failure.json, as: UTF8.self)
        let fields = [
            "\"severity\":\"FATAL\"", "\"position\":\"1\"", "\"internalPosition\":\"2\"", "\"detail\":\"d\"",
            "\"hint\":\"h\"",
            "\"internalQuery\":\"q\"", "\"where\":\"w\"", "\"schema\":\"s\"", "\"table\":\"t\"", "\"column\":\"c\"",
            "\"dataType\":\"dt\"", "\"constraint\":\"n\"", "\"file\":\"f\"", "\"line\":\"7\"", "\"routine\":\"r\"",
        ]
        for field in fields { #expect(body.contains(field), "\(field)") }
        #expect(failure.formattedError.hasSuffix("DETAIL:  d\nHINT:  h\nQUERY:  q\nCONTEXT:  w\n"))
    }

    @Test(
        "a position outside of the text shows no line",
        arguments: [(1, 1), (3, 1), (4, 0), (900, 0), (0, 0), (-1, 0), (.min, 0), (.max, 0)])
    func positions(position: Int, lines: Int) {
        var failure = QueryFailure(message: "m", code: "42601")
        failure.position = position
        failure.format(sql: "ab")
        #expect(failure.formattedError.split(separator: "\n").count == 1 + lines * 2)
    }

    @Test(
        "a server's positions count where they point into the text",
        arguments: [
            ("1", 1), ("3", 3), ("4", nil), ("0", nil), ("-1", nil), ("-9223372036854775808", nil),
            ("9223372036854775807", nil), ("9223372036854775808", nil), ("", nil), ("x", nil), ("1.5", nil),
        ] as [(String, Int?)])
    func reportedPositions(digits: String, position: Int?) {
        let fields = ["M": "m", "C": "42601", "P": digits, "p": digits, "q": "ab", "F": "f", "L": digits, "R": "r"]
        let report = PostgresErrorReport(
            fields: Dictionary(uniqueKeysWithValues: fields.map { (Array($0.utf8)[0], $1) }))
        let failure = QueryFailure(report, of: ProjectQueryText(sql: "ab"))
        #expect(failure.position == position && failure.internalPosition == position)
        #expect(failure.formattedError.contains("LINE") == (position != nil))
        #expect(JSONScanner.isDocument(failure.json))
    }

    @Test("errors are sentences without values of the query")
    func sentences() {
        let failure = QueryFailure(message: "no", code: "42P01")
        let errors: [ProjectDatabaseError] = [
            .unreachable("u"), .query(failure), .invalid("i"), .tooManyRows(limit: 5), .tooLarge(limitBytes: 6),
            .timedOut(.seconds(7)), .busy, .cancelled,
        ]
        #expect(errors.map(\.description).allSatisfy { !$0.isEmpty })
        #expect("\(ProjectDatabaseError.timedOut(.seconds(7)))".contains("7 s"))
    }
}

@Suite("Rows as JSON")
struct RowJSONTests {
    private func rows(_ values: [[UInt8]]) -> RowJSON {
        var limits = ProjectDatabaseLimits()
        limits.maximumAnswerBytes = 1_000
        var sink = RowJSON(limits: limits)
        sink.begin(values.indices.map { PostgresColumn(name: "c\($0)", type: 25) })
        for value in values { sink.value(value.span) }
        let isMoreWanted = sink.endRow()
        #expect(isMoreWanted == (sink.refusal == nil))
        sink.end(commandTag: "SELECT 1")
        return sink
    }

    @Test(
        "a value is refused before it is written where its JSON is larger than an answer may be",
        arguments: [
            (1, 160, true), (1, 170, false), (34, 480, true), (34, 500, false), (120, 980, true), (120, 999, false),
        ]
            as [(UInt8, Int, Bool)])
    func expansion(byte: UInt8, count: Int, isTaken: Bool) {
        let sink = rows([[UInt8](repeating: byte, count: count)])
        #expect((sink.refusal == nil) == isTaken)
        #expect(sink.answer.json.count <= 1_100)
        #expect(JSONScanner.isDocument(sink.answer.json))
    }

    @Test("the values of a row are measured together")
    func wideRow() {
        let wide = rows([[UInt8]](repeating: [UInt8](repeating: 1, count: 60), count: 1_000))
        #expect(wide.refusal == .tooLarge(limitBytes: 1_000))
    }
}

@Suite("Headers on their way to a gateway")
struct GatewayHeadersTests {
    @Test("only fields about the request itself are forwarded")
    func passedOn() {
        let headers = [
            ("AUTHORIZATION", "a"), ("apiKey", "a"), ("X-Api-Key", "a"), ("sb-api-key", "a"), ("Cookie", "a"),
            ("Content-Type", "text/plain"), ("connection", "X-Hop ,\tx-other"), ("x-hop", "a"), ("X-Other", "a"),
            ("X-Upsert", "true"), ("Prefer", "a"), ("Prefer", "b"), ("host", "a"), ("Content-Length", "9"),
        ]
        let names = GatewayHeaders.passedOn(headers).map { "\($0.name): \($0.value)" }
        #expect(names == ["Content-Type: text/plain", "X-Upsert: true", "Prefer: a", "Prefer: b"])
    }
}

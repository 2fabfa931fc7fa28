import OrchestratorTesting
import Testing

@testable import DockerEngine

@Suite("A list that is read while it comes")
struct JSONArrayDecoderTests {
    private struct Item: Decodable, Sendable, Equatable {
        let name: String
        var inner: [[Int]]?
    }

    private func read(_ text: String, cutAt sizes: () -> Int) throws -> [Item] {
        var decoder = JSONArrayDecoder<Item>(call: "GET /list")
        var bytes = Array(text.utf8)[...]
        var items: [Item] = []
        while !bytes.isEmpty {
            let piece = bytes.prefix(sizes())
            bytes = bytes.dropFirst(piece.count)
            items += try decoder.decode(Array(piece))
        }
        return try items + decoder.finish()
    }

    @Test("elements are the same however the text is cut", arguments: UInt64(0)..<100)
    func cuts(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let text = #"""
             [ {"name": "a"}, {"name": "quote \" brace } ] [ { back \\", "inner": [[1, 2], []]},
            {"name":"\\\"","other":{"deep":{"x":[{}]}}} , {"name": "é𝄞"}]
            """#
        let items = try read(text) { Int.random(in: 1...12, using: &generator) }
        #expect(items.map(\.name) == ["a", "quote \" brace } ] [ { back \\", "\\\"", "é𝄞"])
        #expect(items[1].inner == [[1, 2], []])
    }

    @Test(
        "a string ends at its own quotation mark, however many backslashes stand before it",
        arguments: [#"a\\"#, #"\\\\"#, #"\""#, #"\\\""#, #"\\n"#, "}]"])
    func backslashes(name: String) throws {
        let items = try read(#"[{"name": "\#(name)"}, {"name": "b"}]"#) { 64 }
        #expect(items.count == 2 && items.last?.name == "b")
    }

    @Test("an empty list has no elements")
    func empty() throws {
        #expect(try read(" [ ]\n", cutAt: { 1 }).isEmpty)
    }

    @Test(
        "what is no whole list of objects is an error",
        arguments: [
            "", "[", #"[{"name": "a"}"#, #"{"name": "a"}"#, "null", "[] []", #"[{"name": 1}]"#, #"[{"name" "a"}]"#,
        ])
    func malformed(text: String) {
        #expect(throws: DockerError.self) { try read(text, cutAt: { 3 }) }
    }

    @Test("an element without end is refused at the limit")
    func limit() throws {
        var decoder = JSONArrayDecoder<Item>(call: "GET /list")
        _ = try decoder.decode(Array(#"[{"name": ""#.utf8))
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: DockerLimits.streamLineBytes / 4)
        #expect(throws: DockerError.self) { for _ in 0..<5 { _ = try decoder.decode(piece) } }
    }
}

import Testing
import YAMLKit

@Suite struct YAMLLimitsTests {
    private func code(of text: String, _ limits: YAMLLimits = YAMLLimits()) -> YAMLError.Code? {
        do {
            _ = try YAMLParser.parse(text, limits: limits)
            return nil
        } catch { return error.code }
    }

    @Test func anAliasBombEndsInAnErrorBeforeItGrows() {
        var text = "a0: &a0 {k: v}\n"
        for level in 1...40 {
            let uses = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(uses)]\n"
        }
        #expect(code(of: text) == .limit)
    }

    @Test func aMergeBombEndsInAnErrorToo() {
        var text = "a0: &a0 {k0: v}\n"
        for level in 1...40 { text += "a\(level): &a\(level) {<<: [*a\(level - 1), *a\(level - 1)], k\(level): v}\n" }
        #expect(code(of: text) == .limit)
    }

    @Test func nestingIsBoundedAtItsExactDepth() {
        let limit = YAMLLimits().depth
        let fits = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(code(of: fits) == nil)
        #expect(code(of: "[" + fits + "]") == .limit)
        #expect(code(of: String(repeating: "[", count: 100_000)) == .limit)
        #expect(code(of: String(repeating: "a: {", count: 10_000)) != nil)
    }

    @Test func depthCountsThroughAliases() {
        var limits = YAMLLimits()
        limits.depth = 4
        #expect(code(of: "a: &a [[1]]\nb: [*a]\n", limits) == nil)
        #expect(code(of: "a: &a [[1]]\nb: [[*a]]\n", limits) == .limit)
    }

    @Test func nodesBytesAndKeysAreBoundedAtTheirExactSize() {
        var limits = YAMLLimits()
        limits.nodes = 4
        #expect(code(of: "[1, 2, 3]", limits) == nil)
        #expect(code(of: "[1, 2, 3, 4]", limits) == .limit)
        limits = YAMLLimits()
        limits.textBytes = 10
        #expect(code(of: "0123456789", limits) == nil)
        #expect(code(of: "0123456789a", limits) == .limit)
        let key = String(repeating: "k", count: YAMLLimits().keyBytes)
        #expect(code(of: "\(key): 1") == nil)
        #expect(code(of: "k\(key): 1") == .limit)
    }
}

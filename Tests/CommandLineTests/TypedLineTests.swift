import Testing

@testable import supamanager

@Suite("Typed lines")
struct TypedLineTests {
    private func typed(_ bytes: [UInt8]) -> (TypedLine.State, String) {
        var line = TypedLine()
        var state = TypedLine.State.more
        for byte in bytes where state == .more { state = line.take(byte) }
        return (state, line.text)
    }

    @Test("return ends the line, Ctrl-C gives up, Ctrl-D ends the input")
    func ends() {
        #expect(typed(Array("pässword\nrest".utf8)) == (.done, "pässword"))
        #expect(typed(Array("a\r".utf8)) == (.done, "a"))
        #expect(typed(Array("abc".utf8) + [3]) == (.cancelled, "abc"))
        #expect(typed([4]) == (.ended, ""))
        #expect(typed(Array("a".utf8) + [4]) == (.done, "a"))
        #expect(typed(Array("abc".utf8)) == (.more, "abc"))
    }

    @Test("backspace takes back a character, Ctrl-U the line, other control keys nothing")
    func edits() {
        #expect(typed(Array("aé日".utf8) + [0x7F, 0x7F, 0x0A]) == (.done, "a"))
        #expect(typed([0x7F, 0x08] + Array("a\n".utf8)) == (.done, "a"))
        #expect(typed(Array("wrong".utf8) + [0x15] + Array("right\n".utf8)) == (.done, "right"))
        #expect(typed([0x1B, 0x09, 0x01] + Array("a\n".utf8)) == (.done, "a"))
    }

    @Test("a line has an end")
    func bound() {
        let bytes = [UInt8](repeating: 0x61, count: Terminal.lineBytesMax + 10)
        #expect(typed(bytes).1.utf8.count == Terminal.lineBytesMax)
    }
}

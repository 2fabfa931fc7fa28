import ProjectModel
import Testing

@Suite("Marks of syntax")
struct ScalarTextTests {
    private static let companions = [
        ("", ""), ("\u{600}", ""), ("", "\u{301}"), ("", "\u{200D}"), ("\u{600}", "\u{FE0F}"),
    ]

    @Test("are found, split at and replaced, whatever stands beside them", arguments: companions.indices)
    func beside(index: Int) {
        let (before, after) = Self.companions[index]
        let text = "a" + before + "/" + after + "b"
        #expect(text.holds("/"))
        #expect(text.pieces(at: "/") == ["a" + before, after + "b"])
        #expect(text.replacingScalars(["/": "%"]).utf8.contains(UInt8(ascii: "%")))
        #expect(!text.replacingScalars(["/": "%"]).utf8.contains(UInt8(ascii: "/")))
    }

    @Test("pieces that are empty count")
    func empty() {
        #expect("".pieces(at: "/") == [""])
        #expect("/a//".pieces(at: "/") == ["", "a", "", ""])
    }
}

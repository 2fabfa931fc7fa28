import Testing

@testable import APIKit

@Suite("Notes for the audit trail")
struct AuditNotesTests {
    @Test("a value and a name are cut at their limits, between two characters, and say so")
    func values() {
        let notes = AuditNotes()
        let long = String(repeating: "ä", count: AuditLimits.valueBytesMax)
        notes.change(String(repeating: "n", count: 1_000), from: long, to: "short\0")
        notes.target("object", long)
        let content = notes.content
        for (name, value) in content.before.merging(content.target, uniquingKeysWith: { $1 }) {
            #expect(name.utf8.count <= AuditLimits.nameBytesMax && value.utf8.count <= AuditLimits.valueBytesMax)
            #expect(value.hasSuffix("ä…"))
        }
        #expect(content.after.values.first == "short\u{FFFD}")
        #expect(content.before.keys.first == content.after.keys.first)
        notes.show(["key"])
        #expect(notes.content.target["shown"] == "key" && notes.content.mayHaveChanged)
    }

    @Test("an entry has a limit of its own, and says how much it leaves out")
    func entry() {
        let notes = AuditNotes()
        let value = String(repeating: "x", count: AuditLimits.valueBytesMax)
        for number in 0..<1_000 { notes.change("setting \(number)", from: value, to: value) }
        let content = notes.content
        let all = content.before.map { $0 } + content.after.map { $0 }
        let bytes = all.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        #expect(bytes <= AuditLimits.entryBytesMax && bytes > AuditLimits.entryBytesMax / 2)
        #expect(content.target["left_out"] == "\(2_000 - all.count) values")
    }

    @Test("the last value of a name counts, and takes the room of one")
    func repeated() {
        let notes = AuditNotes()
        let value = String(repeating: "x", count: AuditLimits.valueBytesMax)
        for _ in 0..<100 { notes.target("object", value) }
        notes.target("object", "last")
        #expect(notes.content.target == ["object": "last"])
    }
}

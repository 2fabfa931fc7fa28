import Foundation
import ManagementClient
import ProjectModel
import Testing

@Suite("Tables")
struct TableTests {
    private let plain = Style(isColored: false)

    private func sample() -> Table {
        var table = Table(["REF", "STATUS", "NAME"])
        table.add(["abcdefghijklmnopqrst", Table.Cell("ACTIVE_HEALTHY", .good), "a shop"])
        table.add(["b", "INACTIVE", "another shop with a long name"])
        return table
    }

    @Test("columns are aligned under their titles")
    func aligned() {
        #expect(
            sample().text(columns: nil, style: plain) == """
                REF                   STATUS          NAME
                abcdefghijklmnopqrst  ACTIVE_HEALTHY  a shop
                b                     INACTIVE        another shop with a long name

                """)
    }

    @Test("only the last column is cut to the terminal's width, and never to nothing")
    func cut() {
        for columns in 0...80 {
            for line in sample().text(columns: columns, style: plain).split(separator: "\n") {
                #expect(DisplayText.width(String(line)) <= max(columns, 38 + 8))
            }
        }
        #expect(sample().text(columns: 50, style: plain).contains("another sho…\n"))
        #expect(sample().text(columns: 10, style: plain).contains("abcdefghijklmnopqrst  ACTIVE_HEALTHY  a shop\n"))
    }

    @Test("colours do not move columns")
    func colors() {
        let text = sample().text(columns: nil, style: Style(isColored: true))
        #expect(text.contains("\u{1B}[32mACTIVE_HEALTHY\u{1B}[0m  a shop"))
        #expect(DisplayText.lines(text) == sample().text(columns: nil, style: plain))
    }

    @Test("wide characters count as two columns, empty ends have no spaces, missing cells are empty")
    func corners() {
        var table = Table(["A", "B", "C"])
        table.add(["日本", "x", ""])
        table.add(["é"])
        table.add(["1", "2", "3", "4"])
        #expect(table.text(columns: nil, style: plain) == "A     B  C\n日本  x\né\n1     2  3\n")
    }

    @Test("a cell stays in its line and cannot steer the terminal")
    func control() {
        var table = Table(["A", "B"])
        table.add(["a\nb\u{1B}[31m", "c\u{202E}d\u{9B}2J"])
        #expect(table.text(columns: nil, style: plain).split(separator: "\n")[1] == "a b[31m  cd2J")
    }

    @Test("names and values stand in two columns, and what has no value is left out")
    func fields() {
        var fields = FieldList()
        fields.add("Name", "shop")
        fields.add("Status", "ACTIVE_HEALTHY", tint: .good)
        fields.add("URL", nil)
        fields.add("Region", "")
        #expect(fields.text(style: plain) == "Name    shop\nStatus  ACTIVE_HEALTHY\n")
    }
}

@Suite("Text on terminals")
struct DisplayTextTests {
    @Test("a cut text is never wider than asked for")
    func truncated() {
        for text in ["", "a", "abcdef", "日本語のテキスト", "e\u{301}e\u{301}e\u{301}", "a日b本c"] {
            for columns in 0...20 {
                let cut = DisplayText.truncated(text, to: columns)
                #expect(DisplayText.width(cut) <= columns)
                #expect((cut == text) == (DisplayText.width(text) <= columns))
            }
        }
        #expect(DisplayText.truncated("abcdef", to: 4) == "abc…")
    }

    @Test("escape sequences of a log do not reach the terminal, the rest does")
    func lines() {
        #expect(DisplayText.lines("\u{1B}[1;31mred\u{1B}[0m\tx\ny\r\u{7}") == "red\tx\ny")
        #expect(DisplayText.lines("\u{1B}]0;title\u{7}a") == "0;titlea")
        #expect(DisplayText.lines("a\u{1B}") == "a")
        #expect(DisplayText.lines("a\u{1B}[") == "a")
        #expect(DisplayText.lines("a\u{200B}b\u{200F}\r\n") == "ab\n", "what hides or turns text, too")
    }

    @Test("JSON reads the same and holds no character that a terminal acts on")
    func json() throws {
        let name = "a\u{1B}[2J\u{9B}2J\u{7F}\u{202E}\n\t\"\\é😀"
        let encoded = String(decoding: try JSONEncoder().encode(["name": name]), as: UTF8.self)
        let shown = DisplayText.json(encoded)
        #expect(try JSONDecoder().decode([String: String].self, from: Data(shown.utf8)) == ["name": name])
        #expect(shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        #expect(!shown.unicodeScalars.contains("\u{202E}") && shown.contains("é😀"))
        #expect(DisplayText.json("{\n}") == "{\n}")
    }

    @Test("colours need a terminal that has them and no request to omit them")
    func style() {
        #expect(Style(isTerminal: true, environment: [:]).isColored)
        #expect(Style(isTerminal: true, environment: ["NO_COLOR": ""]).isColored)
        #expect(!Style(isTerminal: true, environment: ["NO_COLOR": "0"]).isColored)
        #expect(!Style(isTerminal: true, environment: ["TERM": "dumb"]).isColored)
        #expect(!Style(isTerminal: false, environment: [:]).isColored)
        #expect(Style(isColored: false).paint("a", .good) == "a")
        #expect(Style(isColored: true).paint("", .good) == "")
    }

    @Test("a masked key differs from another, a short one shows nothing")
    func masked() {
        let key = "sb_secret_abcdefghijklmnopqrstuvwxyz"
        #expect(Masked.key(Secret(key)) == "sb_secre…wxyz")
        #expect(Masked.key(Secret(String(repeating: "a", count: 31))) == Masked.password)
    }
}

import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Names and identifiers")
struct NameTests {
    @Test("a ref is exactly twenty lower-case letters")
    func goodRef() {
        #expect(ProjectRef("abcdefghijklmnopqrst")?.text == "abcdefghijklmnopqrst")
        #expect(ProjectRef("zzzzzzzzzzzzzzzzzzzz")?.description == "zzzzzzzzzzzzzzzzzzzz")
    }

    @Test(
        "nothing else is a ref",
        arguments: [
            "", "abcdefghijklmnopqrs", "abcdefghijklmnopqrstu", "Abcdefghijklmnopqrst", "abcdefghijklmnopqrs1",
            "abcdefghij klmnopqrs", "abcdefghijklmnopqrs\n", "äbcdefghijklmnopqrs", "äbcdefghijklmnopqrst",
            "../../../etc/passwda", "abcdefghijklmnopqrs'", "abcdefghijklmnopqrs`", "abcdefghijklmnopqrs{",
            "ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔ",
        ])
    func badRef(text: String) {
        #expect(ProjectRef(text) == nil)
    }

    @Test("a drawn ref is a ref, uses the whole alphabet, and differs from the next")
    func drawnRef() {
        var generator = SeededGenerator(seed: 7)
        let refs = (0..<500).map { _ in ProjectRef(using: &generator) }
        #expect(refs.allSatisfy { ProjectRef($0.text) == $0 })
        #expect(Set(refs).count == refs.count)
        #expect(Set(refs.flatMap { $0.text }).count == 26)
    }

    @Test(
        "a project name is what people type",
        arguments: ["a", "7", "My Project", "a-b_c d", "x_1", String(repeating: "n", count: 256)])
    func goodName(text: String) throws {
        #expect(try ProjectName(text).text == text)
        #expect(try ProjectName(text).description == text)
    }

    @Test(
        "a project name that needs escaping anywhere is refused with what is wrong",
        arguments: [
            ("", .empty), (" ", .badEdge), (" a", .badEdge), ("a ", .badEdge), ("-a", .badEdge), ("a_", .badEdge),
            ("--", .badEdge), ("a\"b", .forbidden("\"")), ("a'b", .forbidden("'")), ("a$b", .forbidden("$")),
            ("a;b", .forbidden(";")), ("a\nb", .forbidden("\n")), ("a\r\nb", .forbidden("\r\n")),
            ("a\0b", .forbidden("\0")), ("a/b", .forbidden("/")), ("a\\b", .forbidden("\\")), ("a.b", .forbidden(".")),
            ("Köln", .forbidden("ö")), ("cafe\u{301}", .forbidden("e\u{301}")), ("日本", .forbidden("日")),
            ("a👍b", .forbidden("👍")), ("a\u{202E}b", .forbidden("\u{202E}")), ("a\tb", .forbidden("\t")),
            ("a＂b", .forbidden("＂")), ("٣", .forbidden("٣")), (String(repeating: "n", count: 257), .tooLong),
            (String(repeating: "ü", count: 257), .tooLong),
        ] as [(String, ProjectName.Problem)])
    func badName(text: String, problem: ProjectName.Problem) {
        #expect(throws: problem) { try ProjectName(text) }
        #expect(!problem.description.isEmpty)
    }

    @Test(
        "a service name is what Compose takes",
        arguments: ["db", "0", "A", "a.b_c-d", "kong", String(repeating: "s", count: ServiceName.lengthMax)])
    func goodService(text: String) {
        #expect(ServiceName(text)?.text == text)
    }

    @Test(
        "nothing else is a service name",
        arguments: [
            "", "-db", ".db", "_db", "d b", "d/b", "dé", "db\n", "d\"b", "d$b", String(repeating: "s", count: 41),
        ])
    func badService(text: String) {
        #expect(ServiceName(text) == nil)
    }

    @Test("refs and service names are ordered by their text")
    func order() {
        #expect(ServiceName.auth < ServiceName.db)
        let refs = (0..<100).map { ProjectRef.sample($0) }
        #expect(refs.sorted().map(\.text) == refs.map(\.text).sorted())
    }
}

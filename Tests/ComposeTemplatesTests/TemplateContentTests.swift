import Foundation
import Orchestrator
import ProjectModel
import Testing

@testable import ComposeTemplates

@Suite("Contents of templates")
struct TemplateContentTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "stacks-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func write(_ text: String, to path: String, below folder: URL) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private let compose = """
        x-supamanager:
          files: [conf]
        services:
          web:
            image: web:1
            env_file: web.env
            volumes: ["./conf/web.conf:/web.conf:ro"]
        """

    @Test("a content holds the Compose file and everything that it names, and renders without the folder")
    func whole() throws {
        try withFolder { folder in
            try write(compose, to: "compose.yaml", below: folder)
            try write("one", to: "conf/web.conf", below: folder)
            try write("A=1\n", to: "web.env", below: folder)
            try write("nothing of the template's", to: "notes.txt", below: folder)
            let template = try StackTemplate(folder: folder.path)
            #expect(Set(template.content.files.keys) == ["compose.yaml", "conf/web.conf", "web.env"])
            #expect(template.projectFiles.keys.sorted() == ["conf/web.conf"])
            try FileManager.default.removeItem(at: folder)
            let again = try StackTemplate(content: template.content)
            #expect(again.digests == template.digests)
            let project = try again.project(named: "a", environment: again.manifest.standIns(), services: nil)
            #expect(project.services["web"]?.environment["A"] == "1")
        }
    }

    @Test("the digest changes with every byte and every name, and with nothing else")
    func digests() throws {
        let files: [String: [UInt8]] = ["compose.yaml": [1, 2], "b": [3]]
        let digest = try TemplateContent(files: files).digest
        #expect(try TemplateContent(files: files).digest == digest)
        for other in [
            ["compose.yaml": [1, 2], "b": [4]], ["compose.yaml": [1, 2], "c": [3]],
            ["compose.yaml": [1], "b": [2, 3]],
            ["compose.yaml": [1, 2], "b": [3], "d": []],
        ] as [[String: [UInt8]]] {
            #expect(try TemplateContent(files: other).digest != digest)
        }
    }

    @Test("a content that is larger than a database should hold is refused")
    func size() {
        let large = [UInt8](repeating: 0, count: TemplateContent.bytesMax / 2 + 1)
        #expect(throws: TemplateError.self) { try TemplateContent(files: ["a": large, "b": large]) }
    }

    @Test("stacks are the folders with a Compose file; another one is refused with the names of those that are there")
    func stacks() throws {
        try withFolder { folder in
            for name in ["supabase", "lite", "Not-a-name"] {
                try write(compose, to: "\(name)/compose.yaml", below: folder)
            }
            try write("", to: "empty/readme", below: folder)
            let stacks = StackFolders(path: folder.path)
            #expect(stacks.names.map(\.text) == ["lite", "supabase"])
            let absent = try #require(StackName("absent"))
            #expect(throws: TemplateError.broken("no stack absent is in \(folder.path): there are lite, supabase")) {
                _ = try stacks.template(of: absent)
            }
        }
    }

    @Test("names of stacks are never paths")
    func names() {
        for text in ["", "..", "a/b", "A", "1a", "a_b", "a.b", String(repeating: "a", count: 41)] {
            #expect(StackName(text) == nil, "\(text)")
        }
        #expect(StackName("lite-2")?.text == "lite-2")
    }
}

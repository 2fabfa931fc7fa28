import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

/// Symbolic links in a template's folder, and those that a container could have left in a project's.
@Suite("Symbolic links") struct TemplateLinksTests {
    private static let text = """
        x-supamanager: {files: [conf]}
        services: {a: {image: i, volumes: ["./conf:/c:ro"]}}

        """

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "links-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "template/conf/sub"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("key".utf8).write(to: folder.appending(path: "master.key"))
        try Data("a".utf8).write(to: folder.appending(path: "template/conf/a"))
        try Data("b".utf8).write(to: folder.appending(path: "template/conf/sub/b"))
        try Data(Self.text.utf8).write(to: folder.appending(path: "template/compose.yaml"))
        try body(folder)
    }

    private func link(_ path: String, to target: String, in folder: URL) throws {
        let place = folder.appending(path: path)
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: target)
    }

    @Test("a template of regular files can be used")
    func regular() throws {
        try withFolder { folder throws in
            let template = try StackTemplate(folder: folder.appending(path: "template").path)
            #expect(template.digests.keys.sorted() == ["conf/a", "conf/sub/b"])
        }
    }

    @Test(
        "a link is refused wherever it stands and wherever it leads",
        arguments: [
            ("template/conf/leak", "../../master.key"), ("template/conf/leak", "/etc/passwd"),
            ("template/conf/leak", "a"), ("template/conf/leak", "/nowhere"), ("template/conf/sub", "../../"),
            ("template/conf", "/etc"), ("template/compose.yaml", "../master.key"),
        ])
    func links(path: String, target: String) throws {
        try withFolder { folder throws in
            try link(path, to: target, in: folder)
            do {
                _ = try StackTemplate(folder: folder.appending(path: "template").path)
                Issue.record("\(path) -> \(target) must be refused")
            } catch { #expect("\(error)".contains("symbolic link"), "\(error)") }
        }
    }

    @Test("a pipe, a folder in place of a file, and a file of another size than allowed are refused, without waiting")
    func otherKinds() throws {
        try withFolder { folder throws in
            let guarded = GuardedFolder(path: folder.path)
            #expect(mkfifo(folder.appending(path: "pipe").path, 0o600) == 0)
            #expect(throws: GuardedFolderError.self) { try guarded.contents(of: "pipe", atMost: 10) }
            #expect(throws: GuardedFolderError.self) { try guarded.contents(of: "template", atMost: 10) }
            #expect(throws: GuardedFolderError.self) { try guarded.contents(of: "master.key", atMost: 2) }
            #expect(throws: GuardedFolderError.self) { try guarded.contents(of: "template/../master.key", atMost: 10) }
            #expect(try guarded.contents(of: "master.key", atMost: 3) == Data("key".utf8))
            #expect(try guarded.contents(of: "absent/x", atMost: 3) == nil)
        }
    }

    @Test("an env_file is read without following links, and refused with its place")
    func environmentFiles() throws {
        try withFolder { folder throws in
            try link("template/secrets.env", to: "../master.key", in: folder)
            let text = "services:\n  a:\n    image: i\n    env_file: secrets.env\n"
            try Data(text.utf8).write(to: folder.appending(path: "template/compose.yaml"))
            do {
                let template = try StackTemplate(folder: folder.appending(path: "template").path)
                _ = try template.project(named: "a", environment: template.manifest.standIns(), services: nil)
                Issue.record("a link must be refused")
            } catch {
                #expect("\(error)".contains("services.a.env_file: secrets.env is a symbolic link"), "\(error)")
            }
        }
    }

    @Test("a link in a project's folder is replaced, and what it leads to keeps its content")
    func projectFolders() throws {
        try withFolder { folder throws in
            let template = try StackTemplate(folder: folder.appending(path: "template").path)
            let root = folder.appending(path: "projects").path
            let ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
            let folders = TemplateProjectFolders(root: root)
            let stack = DesiredStack(
                ref: ref, networks: [], files: ["configs/c": Secret("text")])
            try folders.prepare(stack, files: template.projectFiles)
            try link("projects/\(ref)/conf/a", to: "../../../master.key", in: folder)
            try link("projects/\(ref)/configs/c", to: "/etc/nothing", in: folder)
            try folders.prepare(stack, files: template.projectFiles)
            #expect(try String(contentsOfFile: root + "/\(ref)/conf/a", encoding: .utf8) == "a")
            #expect(try String(contentsOfFile: root + "/\(ref)/configs/c", encoding: .utf8) == "text")
            #expect(try String(contentsOfFile: folder.appending(path: "master.key").path, encoding: .utf8) == "key")
            try link("projects/\(ref)/conf", to: "../..", in: folder)
            #expect(throws: TemplateError.self) { try folders.prepare(stack, files: template.projectFiles) }
        }
    }
}

import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

@Suite("Folders of projects")
struct TemplateProjectFoldersTests {
    private let compose = """
        x-supamanager:
          files: [volumes, single.conf]
        services:
          web:
            image: web:1
            configs: [greeting]
        configs:
          greeting: { content: "hello" }
        """

    /// A template and a root for folders, removed afterwards.
    private func withFolders(_ body: (TemplateProjectFolders, URL, URL) throws -> Void) throws {
        let base = FileManager.default.temporaryDirectory.appending(path: "folders-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: base) }
        let template = base.appending(path: "template")
        try FileManager.default.createDirectory(
            at: template.appending(path: "volumes/deep"), withIntermediateDirectories: true)
        try Data(compose.utf8).write(to: template.appending(path: "compose.yaml"))
        try Data("one".utf8).write(to: template.appending(path: "volumes/deep/one.conf"))
        try Data("two".utf8).write(to: template.appending(path: "single.conf"))
        let root = base.appending(path: "projects")
        try body(TemplateProjectFolders(root: root.path), template, root)
    }

    private func stack() throws -> DesiredStack {
        DesiredStack(
            ref: try #require(ProjectRef("abcdefghijklmnopqrst")),
            networks: [DesiredNetwork(name: "n", subnet: try #require(IPv4Network("10.0.0.0/27")))],
            files: ["configs/greeting": Secret("hello")])
    }

    private func mode(_ url: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    }

    @Test("the template's files and the stack's own are written, readable inside, closed outside")
    func contents() throws {
        try withFolders { folders, template, root in
            try folders.prepare(stack(), files: StackTemplate(folder: template.path).projectFiles)
            let folder = root.appending(path: "abcdefghijklmnopqrst")
            #expect(try String(contentsOf: folder.appending(path: "volumes/deep/one.conf"), encoding: .utf8) == "one")
            #expect(try String(contentsOf: folder.appending(path: "single.conf"), encoding: .utf8) == "two")
            #expect(try String(contentsOf: folder.appending(path: "configs/greeting"), encoding: .utf8) == "hello")
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "compose.yaml").path))
            #expect(try mode(root) == 0o700)
            #expect(try mode(folder.appending(path: "single.conf")) == 0o644)
        }
    }

    @Test("preparing again leaves what is equal alone, and writes what has changed into the same file")
    func again() throws {
        try withFolders { folders, template, root in
            try folders.prepare(stack(), files: StackTemplate(folder: template.path).projectFiles)
            let file = root.appending(path: "abcdefghijklmnopqrst/single.conf")
            let before = try FileManager.default.attributesOfItem(atPath: file.path)
            try folders.prepare(stack(), files: StackTemplate(folder: template.path).projectFiles)
            let same = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(before[.modificationDate] as? Date == same[.modificationDate] as? Date)
            try Data("three".utf8).write(to: template.appending(path: "single.conf"))
            try folders.prepare(stack(), files: StackTemplate(folder: template.path).projectFiles)
            #expect(try String(contentsOf: file, encoding: .utf8) == "three")
            // A container that mounts the file sees the change only if it is still the same file.
            let after = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(before[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
        }
    }

    @Test("removing takes the whole folder, and what is not there is removed already")
    func removal() throws {
        try withFolders { folders, template, root in
            let stack = try stack()
            try folders.prepare(stack, files: StackTemplate(folder: template.path).projectFiles)
            try folders.remove(stack.ref)
            try folders.remove(stack.ref)
            #expect(try FileManager.default.contentsOfDirectory(atPath: root.path) == [])
        }
    }

    @Test("a file that the template names and does not have is reported by its name")
    func missing() throws {
        try withFolders { folders, template, _ in
            try FileManager.default.removeItem(at: template.appending(path: "single.conf"))
            #expect(throws: TemplateError.broken("it names single.conf, which does not exist")) {
                try folders.prepare(stack(), files: StackTemplate(folder: template.path).projectFiles)
            }
        }
    }
}

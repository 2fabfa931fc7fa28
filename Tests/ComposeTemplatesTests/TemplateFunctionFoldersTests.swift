import Foundation
import FunctionModel
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

@Suite("Functions in projects' folders")
struct TemplateFunctionFoldersTests {
    /// A project's folder as a template with two functions of its own fills it, removed afterwards.
    private struct Site {
        let ref: ProjectRef
        let base = FileManager.default.temporaryDirectory.appending(path: "functions-\(UUID().uuidString)")
        let folders: TemplateFunctionFolders
        let projects: TemplateProjectFolders
        let files: [String: [UInt8]]

        init() throws {
            ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
            let template = base.appending(path: "template")
            for slug in ["main", "hello"] {
                let folder = template.appending(path: "volumes/functions/\(slug)")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try Data("template's \(slug)".utf8).write(to: folder.appending(path: "index.ts"))
            }
            let compose = """
                x-supamanager: { files: [volumes], roles: { functions: web }, functions-folder: volumes/functions }
                services: { web: { image: "web:1" } }

                """
            try Data(compose.utf8).write(to: template.appending(path: "compose.yaml"))
            let root = base.appending(path: "projects").path
            folders = TemplateFunctionFolders(root: root)
            projects = TemplateProjectFolders(root: root)
            files = try StackTemplate(folder: template.path).projectFiles
        }

        var functions: URL { base.appending(path: "projects/\(ref)/volumes/functions") }

        /// Where functions lie in a project's folder.
        static let path = "volumes/functions"

        func write(_ function: DeployedFunction) throws { try folders.write(function, in: Self.path) }

        func prepare() throws {
            let network = DesiredNetwork(name: "n", subnet: try #require(IPv4Network("10.0.0.0/27")))
            try projects.prepare(
                DesiredStack(ref: ref, networks: [network], functionsFolder: Self.path), files: files)
        }

        func text(_ path: String) -> String? {
            FileManager.default.contents(atPath: functions.path + "/" + path).map {
                String(decoding: $0, as: UTF8.self)
            }
        }

        func names(_ path: String = "") throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: functions.path + "/" + path).sorted()
        }

        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: functions.path + "/" + path)[.posixPermissions] as? Int
        }
    }

    private func withSite(_ body: (Site) throws -> Void) throws {
        let site = try Site()
        defer { try? FileManager.default.removeItem(at: site.base) }
        try site.prepare()
        try body(site)
    }

    private func function(
        _ slug: String = "hi", _ files: [String: String], of ref: ProjectRef, entry: String = "index.ts",
        map: String? = nil, version: Int = 1, verifyJWT: Bool = true
    ) -> DeployedFunction {
        let time = Timestamp(milliseconds: 1)
        let files = files.sorted { $0.key < $1.key }.map { FunctionFile(path: $0.key, bytes: Array($0.value.utf8)) }
        return DeployedFunction(
            EdgeFunction(
                id: "id", ref: ref, slug: slug, name: slug, version: version, verifyJWT: verifyJWT,
                entrypointPath: entry, importMapPath: map, sha256: "hash", createdAt: time, updatedAt: time),
            files: files)
    }

    @Test("a function lies where the router looks, whole, readable for the container, with its marker")
    func write() throws {
        try withSite { site in
            let function = function("hi", ["index.ts": "run", "lib/deep/a.ts": "a", "empty": ""], of: site.ref)
            try site.write(function)
            #expect(try site.names() == ["hello", "hi", "main"])
            #expect(try site.names("hi") == [".supamanager.json", "empty", "index.ts", "lib"])
            #expect(site.text("hi/index.ts") == "run" && site.text("hi/lib/deep/a.ts") == "a")
            #expect(site.text("hi/empty") == "")
            #expect(try site.mode("hi") == 0o755 && site.mode("hi/lib/deep") == 0o755)
            #expect(try site.mode("hi/index.ts") == 0o644 && site.mode("hi/lib/deep/a.ts") == 0o644)
            #expect(try site.folders.stamps(of: site.ref, in: Site.path) == ["hi": function.function.stamp])
            #expect(
                site.text("hi/.supamanager.json")
                    == #"{"entrypoint_path":"index.ts","stamp":"id 1 1 hash","verify_jwt":true,"version":1}"#)
        }
    }

    @Test("the next version replaces the whole folder")
    func replace() throws {
        try withSite { site in
            try site.write(function("hi", ["index.ts": "one", "old.ts": "x"], of: site.ref))
            let next = function("hi", ["index.ts": "two", "new/b.ts": "y"], of: site.ref, version: 2)
            try site.write(next)
            #expect(try site.names("hi") == [".supamanager.json", "index.ts", "new"])
            #expect(site.text("hi/index.ts") == "two")
            #expect(try site.names() == ["hello", "hi", "main"])
            #expect(try site.folders.stamps(of: site.ref, in: Site.path) == ["hi": next.function.stamp])
        }
    }

    @Test("an entry point of another name is imported by an index.ts, quoted as source and as URL")
    func importer() throws {
        try withSite { site in
            let path = "supabase/functions/hi/a \"b\" #1?.ts"
            try site.write(
                function(
                    "hi", [path: "run", "supabase/map.json": "{}"], of: site.ref, entry: path,
                    map: "supabase/map.json", verifyJWT: false))
            let text = try #require(site.text("hi/index.ts"))
            #expect(text.contains(#"import * as entry from "./supabase/functions/hi/a \"b\" %231%3F.ts";"#))
            #expect(text.contains("export default entry.default ?? {};"))
            #expect(site.text("hi/" + path) == "run")
            let marker = try #require(FunctionMarker.read(site.functions.path + "/hi"))
            #expect(marker.entrypointPath == path && marker.importMapPath == "supabase/map.json" && !marker.verifyJWT)
        }
    }

    @Test("an index.ts that is not the entry point keeps its name one folder further down, with all other files")
    func takenName() throws {
        for taken in ["index.ts", "index.ts/deep.ts"] {
            try withSite { site in
                try site.write(
                    function(
                        "hi", ["run.ts": "run", taken: "other", "map.json": "{}"], of: site.ref, entry: "run.ts",
                        map: "map.json"))
                #expect(site.text("hi/source/run.ts") == "run" && site.text("hi/source/\(taken)") == "other")
                #expect(site.text("hi/index.ts")?.contains(#"from "./source/run.ts""#) == true)
                let marker = try #require(FunctionMarker.read(site.functions.path + "/hi"))
                #expect(marker.entrypointPath == "source/run.ts" && marker.importMapPath == "source/map.json")
                #expect(try site.names("hi") == [".supamanager.json", "index.ts", "source"])
            }
        }
    }

    @Test("removing takes deployed functions only; the template's own stay")
    func remove() throws {
        try withSite { site in
            try site.write(function("hi", ["index.ts": "run"], of: site.ref))
            for _ in 0..<2 { try site.folders.remove("hi", of: site.ref, in: Site.path) }
            try site.folders.remove("hello", of: site.ref, in: Site.path)
            #expect(try site.names() == ["hello", "main"])
            #expect(try site.folders.stamps(of: site.ref, in: Site.path) == [:])
        }
    }

    @Test("preparing the project again leaves deployed functions alone, also one that hides the template's")
    func prepareAgain() throws {
        try withSite { site in
            try site.write(function("hello", ["index.ts": "mine"], of: site.ref))
            try site.write(function("hi", ["index.ts": "run"], of: site.ref))
            try site.prepare()
            #expect(site.text("hello/index.ts") == "mine" && site.text("hi/index.ts") == "run")
            #expect(site.text("main/index.ts") == "template's main")
            try site.folders.remove("hello", of: site.ref, in: Site.path)
            try site.prepare()
            #expect(site.text("hello/index.ts") == "template's hello")
        }
    }

    @Test("a project without a folder has no copies, and gets none")
    func noFolder() throws {
        try withSite { site in
            try site.projects.remove(site.ref)
            #expect(try site.folders.stamps(of: site.ref, in: Site.path) == nil)
            #expect(throws: FunctionError.self) {
                try site.write(function("hi", ["index.ts": "run"], of: site.ref))
            }
            try site.folders.remove("hi", of: site.ref, in: Site.path)
            #expect(try FileManager.default.contentsOfDirectory(atPath: site.base.path + "/projects") == [])
        }
    }

    @Test("what an interrupted write left behind is removed; a folder without a readable marker is no copy")
    func leftovers() throws {
        try withSite { site in
            for name in [".new-hi/lib", ".new-old-hi", "broken"] {
                try FileManager.default.createDirectory(
                    at: site.functions.appending(path: name), withIntermediateDirectories: true)
            }
            try Data("{".utf8).write(to: site.functions.appending(path: "broken/.supamanager.json"))
            #expect(try site.folders.stamps(of: site.ref, in: Site.path) == [:])
            #expect(try site.names() == ["broken", "hello", "main"])
            try site.write(function("broken", ["index.ts": "run"], of: site.ref))
            #expect(try site.folders.stamps(of: site.ref, in: Site.path)?.keys.sorted() == ["broken"])
        }
    }

    @Test("of all that can be deployed nothing lands outside of the function's folder")
    func inside() throws {
        try withSite { site in
            let before = try site.names()
            for path in ["../main/index.ts", "/etc/x", "a/../../x", "..", ".supamanager.json"] {
                let draft = FunctionDraft(
                    slug: "hi", entrypointPath: path, files: [FunctionFile(path: path, bytes: [1])])
                #expect(throws: FunctionError.self) {
                    try FunctionRules.deployment(draft, newID: "id") { _ throws(FunctionError) in "" }
                }
            }
            #expect(try site.names() == before)
        }
    }
}

import FoundationEssentials

/// The files of the dashboard: templates of its pages, style sheet and scripts. Read once, at the start.
package struct DashboardFiles: Sendable {
    let pages: PageTemplates
    /// Contents of assets by the names of their files.
    package let assets: [String: [UInt8]]

    /// Why a folder is of no use.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// Largest file, in bytes.
    package static let fileBytesMax = 1 << 20
    /// Most files of a folder.
    package static let filesMax = 200

    /// Reads `templates/*.mustache`, `assets/*` and, where it is there, `vendor/*` of a folder.
    package init(folder: String) throws {
        var templates: [String: String] = [:]
        for (name, bytes) in try Self.files(in: folder + "/templates") where name.hasSuffix(".mustache") {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Problem(description: "\(folder)/templates/\(name) is not UTF-8")
            }
            templates[String(name.dropLast(".mustache".count))] = text
        }
        var assets = try Self.files(in: folder + "/assets")
        if FileManager.default.fileExists(atPath: folder + "/vendor") {
            assets.merge(try Self.files(in: folder + "/vendor")) { own, _ in own }
        }
        pages = try PageTemplates(templates)
        self.assets = assets
    }

    /// Whether a folder holds a dashboard.
    package static func isDashboard(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/templates/layout.mustache")
    }

    private static func files(in folder: String) throws -> [String: [UInt8]] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw Problem(description: "the folder \(folder) cannot be read: name another with SUPAMANAGER_DASHBOARD")
        }
        guard names.count <= filesMax else { throw Problem(description: "\(folder) has more than \(filesMax) files") }
        var files: [String: [UInt8]] = [:]
        for name in names where !name.hasPrefix(".") {
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
                throw Problem(description: "\(folder)/\(name) cannot be read")
            }
            guard data.count <= fileBytesMax else {
                throw Problem(description: "\(folder)/\(name) is larger than \(fileBytesMax) bytes")
            }
            files[name] = Array(data)
        }
        return files
    }
}

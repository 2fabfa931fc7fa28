import Mustache

/// The templates of the pages, read and checked.
struct PageTemplates: Sendable {
    private let library: MustacheLibrary

    /// Templates that every dashboard has.
    static let names = [
        "account", "cells", "confirm-delete", "data", "deletion", "error", "extensions", "first-run", "installation",
        "invitation", "jobs", "keys", "layout",
        "logs", "new-project", "notifications", "operation", "organization", "policies", "project", "project-head",
        "project-live",
        "projects", "projects-list", "row", "settings", "settings-head", "settings-service", "sign-in", "sql",
        "sql-problem", "storage", "table", "table-head", "usage", "users",
    ]

    /// - Throws: ``DashboardFiles/Problem`` for a template that is missing, cannot be read or leaves something unescaped.
    init(_ texts: [String: String]) throws {
        var templates: [String: MustacheTemplate] = [:]
        for (name, text) in texts {
            guard !Self.isUnescaping(text) else {
                throw DashboardFiles.Problem(
                    description: "the template \(name) leaves a value unescaped: use {{name}} alone")
            }
            do { templates[name] = try MustacheTemplate(string: Self.escapedByUs(text)) } catch {
                throw DashboardFiles.Problem(description: "the template \(name) cannot be read: \(error)")
            }
        }
        if let missing = Self.names.first(where: { templates[$0] == nil }) {
            throw DashboardFiles.Problem(description: "the dashboard's template \(missing) is missing")
        }
        library = MustacheLibrary(templates: templates)
    }

    /// Whether a template has a tag that is not escaped, or may change how tags are read.
    private static func isUnescaping(_ text: String) -> Bool {
        text.contains(#/\{\{\s*[{&=%]/#)
    }

    /// The template with values that the engine leaves as they are: ``PageValue`` escapes them. The engine looks for
    /// `<` among characters, and misses one that a combining mark has joined; browsers read code points.
    private static func escapedByUs(_ text: String) -> String {
        text.replacing(#/\{\{\s*([A-Za-z0-9_.]+)\s*\}\}/#) { "{{{\($0.output.1)}}}" }
    }

    func render(_ name: String, _ value: PageValue) throws -> String {
        guard let text = library.render(value, withTemplate: name) else {
            throw DashboardFiles.Problem(description: "the dashboard's template \(name) is missing")
        }
        return text
    }
}

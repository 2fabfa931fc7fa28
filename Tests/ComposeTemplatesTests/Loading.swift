import ComposeTemplates

/// Loads `text` as `compose.yaml`, as the project `demo` unless the text has a name.
func load(
    _ text: String, environment: [String: String] = [:], profiles: Set<String> = [],
    policy: TemplatePolicy = .unrestricted, files: [String: String] = [:], name: String? = "demo"
) throws(TemplateRejection) -> LoadedTemplate {
    var options = ComposeLoader.Options(projectName: name, environment: environment, profiles: profiles)
    options.policy = policy
    options.files = TemplateFiles { files[$0] }
    return try ComposeLoader.load(text: text, fileName: "compose.yaml", options: options)
}

/// The problems of a text that must be rejected, a line each.
func problems(
    _ text: String, environment: [String: String] = [:], files: [String: String] = [:],
    policy: TemplatePolicy = .standard
) -> [String] {
    do {
        _ = try load(text, environment: environment, policy: policy, files: files)
        return []
    } catch { return error.problems.map(\.description) }
}

/// The service `a` of a file that has `body` below the service's key, and an image.
func service(
    _ body: String, rest: String = "", environment: [String: String] = [:], policy: TemplatePolicy = .unrestricted,
    files: [String: String] = [:]
) throws -> ComposeService {
    let lines = body.split(separator: "\n").map { "    \($0)\n" }.joined()
    let text = "services:\n  a:\n    image: i\n\(lines)\(rest)"
    let project = try load(text, environment: environment, policy: policy, files: files).project
    guard let service = project.services["a"] else { throw MissingService() }
    return service
}

struct MissingService: Error {}

import APIKit
import HTTPTypes
import Identity

/// Makes pages of templates.
struct Pages: Sendable {
    let templates: PageTemplates
    let assets: StaticAssets
    let gate: BrowserGate

    /// The front page.
    static let home = DashboardFeature.path
    static let signIn = "\(home)/sign-in"

    /// A page, with what every page has.
    func page(
        _ name: String, title: String, _ fields: [String: PageValue] = [:], for request: APIRequest,
        status: HTTPResponse.Status = .ok
    ) throws -> APIResponse {
        var all = try common(request)
        all.merge(fields) { $1 }
        all["title"] = .text(title)
        return html(try templates.render(name, .object(all)), status)
    }

    /// A part of a page, which a script puts in the place of the one before.
    func part(_ name: String, _ fields: [String: PageValue], for request: APIRequest) throws -> APIResponse {
        html(try templates.render(name, .object(try common(request).merging(fields) { $1 })), .ok)
    }

    private func common(_ request: APIRequest) throws -> [String: PageValue] {
        var fields = files
        guard let principal = request.principal else { return fields }
        fields["form_token"] = .visible(try gate.formToken(of: request))
        fields["account"] = .object([
            "email": .visible(principal.account.email), "name": .visible(principal.account.username),
        ])
        fields["is_installer"] = .flag(
            principal.permissions(in: Organization.defaultSlug).contains(.organizationAdminWrite))
        fields["organizations"] = .list(
            principal.organizationSlugs.map { .object(["slug": .visible($0)]) })
        return fields
    }

    private var files: [String: PageValue] {
        [
            "css": .visible(assets.path(of: "dashboard.css")), "js": .visible(assets.path(of: "dashboard.js")),
            "htmx": .visible(assets.path(of: "htmx.min.js")), "icon": .visible(assets.path(of: "icon.svg")),
        ]
    }

    private func html(_ text: String, _ status: HTTPResponse.Status) -> APIResponse {
        APIResponse(status, text: text, contentType: "text/html; charset=utf-8")
    }

    /// Leads the browser to another page after a form.
    func see(_ path: String) -> APIResponse {
        var response = APIResponse(.seeOther)
        response.headers[.location] = path
        return response
    }

    /// A refusal as a page; to a caller who is not signed in, the way there.
    @Sendable
    func refusal(_ error: APIError, _ visit: BrowserSite.Visit) -> APIResponse {
        if error.status == .unauthorized { return signIn(visit) }
        var fields = files
        fields["title"] = .text(error.status == .notFound ? "Not found" : "This did not work")
        fields["message"] = .visible(error.message)
        fields["status"] = .text("\(error.status.code)")
        guard let text = try? templates.render("error", .object(fields)) else {
            return APIResponse(error.status, text: error.message)
        }
        return html(text, error.status)
    }

    private func signIn(_ visit: BrowserSite.Visit) -> APIResponse {
        guard visit.headers[.scriptRequest] == nil, visit.headers[.accept]?.contains("text/event-stream") != true else {
            // A script follows this header, and no redirect: it would put the page of sign-in into the present one.
            var response = APIResponse(.unauthorized, text: "you are not signed in")
            response.headers[.scriptRedirect] = Self.signIn
            return response
        }
        let next = visit.method == .get ? LocalPath(visit.path, below: Self.home)?.text : nil
        return see(next == nil || next == Self.home ? Self.signIn : "\(Self.signIn)?next=\(next ?? "")")
    }
}

extension HTTPField.Name {
    /// `HX-Request`: sent by the page's script.
    static let scriptRequest = custom("HX-Request")
    /// `HX-Redirect`: where the page's script leads the browser.
    static let scriptRedirect = custom("HX-Redirect")
}

extension Operation {
    /// A page.
    static func page(_ summary: String, query: [String] = []) -> Operation {
        Operation(
            summary: summary,
            query: query.map { Operation.Parameter(name: $0, schema: .text, description: "What the page shows") },
            answer: .raw("text/html"))
    }

    /// A form that leads to another page.
    static func form(_ summary: String) -> Operation {
        Operation(summary: summary, body: .form, answer: .empty(.seeOther))
    }
}

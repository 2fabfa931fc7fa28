import APIKit
import FoundationEssentials
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/cli/login`: how `supabase login` gets a token by way of the browser. Studio approves with the person's
/// session; the command line fetches with the code that the page shows.
struct DeviceLoginController: Sendable {
    let directory: AccountDirectory
    let crypto: any DeviceLoginCrypto
    let time: any TimeSource
    let logins = DeviceLogins()

    var routes: [Route] {
        [
            Route(
                .post, "/platform/cli/login", access: .wholeAccount, effect: .change("access_token.create"),
                operation: Operation(
                    summary: "Approve a sign-in of the command line", body: .json(Self.body),
                    answer: .json(.fields(.init("nonce", .text)), .created), refusals: [.scopedToken, .oldSignIn]),
                preparing: prepareApproval
            ).showing(.shownOnce),
            Route(
                .get, "/platform/cli/login/{session_id}", access: .open,
                operation: Operation(
                    summary: "Fetch the token of an approved sign-in, once",
                    query: [
                        Operation.Parameter(
                            name: "device_code", schema: .text(1...64), description: "The code that the browser shows",
                            isRequired: true)
                    ], answer: .of(DeviceLoginRow.self)), handler: fetch),
        ]
    }

    private static let body = Schema.named(
        "DeviceLogin",
        .fields(
            .init("session_id", .uuid), .init("public_key", .pattern("^[0-9a-fA-F]+$")),
            .optional("token_name", .text(1...CreateTokenBody.nameLengthMax)), .optional("current_password", .text)))

    private struct Body: Decodable {
        let sessionID: String
        let publicKey: String
        let tokenName: String?

        enum CodingKeys: String, CodingKey {
            case sessionID = "session_id"
            case publicKey = "public_key"
            case tokenName = "token_name"
        }
    }

    /// Name of tokens whose client gives none.
    private static let tokenName = "Command line"
    /// Hexadecimal digits of a P-256 point, uncompressed.
    private static let publicKeyLength = 130

    private func prepareApproval(_ request: APIRequest) async throws -> Route.Handler {
        try await directory.confirmTokenMaker(request)
        return approve
    }

    private func approve(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let body = try request.decode(Body.self)
        guard let session = UUID(uuidString: body.sessionID)?.uuidString.lowercased() else {
            throw APIError(.badRequest, "session_id must be a UUID")
        }
        guard body.publicKey.utf8.count == Self.publicKeyLength else { throw Self.badKey }
        let now = time.now()
        guard !logins.isWaiting(session, at: now) else {
            throw APIError(.conflict, "this sign-in was approved already: start again with supabase login")
        }
        let name = try CreateTokenBody.name(body.tokenName ?? Self.tokenName)
        let (record, token) = try await directory.createAccessToken(
            of: caller.account.id, name: name,
            expiresAt: try await directory.end(of: caller.credential, caller.account.id), with: caller.credential)
        let login = DeviceLogins.Waiting(session: session, at: now, sealed: try seal(token, for: body.publicKey))
        request.audit.target("access_token", String(record.number))
        request.audit.change("name", from: nil, to: name)
        // Only once the token is stored is there anything to fetch.
        await AfterCommit.run { logins.add(login) }
        return try APIResponse(.created, json: ["nonce": login.sealed.nonce])
    }

    private func seal(_ token: Secret<String>, for publicKey: String) throws(APIError) -> SealedDeviceToken {
        do { return try crypto.seal(token: token, for: publicKey) } catch {
            switch error {
            case .badPublicKey: throw Self.badKey
            case .failed(let reason): throw APIError(.internalServerError, "the token could not be sealed: \(reason)")
            }
        }
    }

    private static let badKey = APIError(
        .badRequest, "public_key must be an uncompressed point of P-256 in hexadecimal digits")

    private func fetch(_ request: APIRequest) async throws -> APIResponse {
        let session = try request.uuid("session_id")
        switch logins.fetch(session, code: (request.query["device_code"] ?? "").lowercased(), at: time.now()) {
        case .opened(let login):
            var answer = try APIResponse(json: DeviceLoginRow(login))
            answer.headers[.cacheControl] = "no-store"
            return answer
        case .unknown:
            throw APIError(.notFound, "the sign-in is unknown or expired: start again with supabase login")
        case .wrongCode: throw APIError(.badRequest, "the verification code is wrong")
        }
    }
}

/// An approved sign-in: a token that only the client can open.
struct DeviceLoginRow: EncodableBody {
    let login: DeviceLogins.Waiting

    init(_ login: DeviceLogins.Waiting) { self.login = login }

    static let shape = BodyShape<Self>([
        .init("id", .uuid, of: \.login.session),
        .init("created_at", .time, of: \.login.at.rfc3339),
        .init("access_token", of: \.login.sealed.ciphertext),
        .init("public_key", of: \.login.sealed.publicKey),
        .init("nonce", of: \.login.sealed.nonce),
    ])
}

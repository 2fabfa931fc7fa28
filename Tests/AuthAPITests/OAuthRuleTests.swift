import DataPlaneCore
import Foundation
import Testing
import TokenKit

@testable import AuthAPI

@Suite("Rules of signing in at providers")
struct OAuthRuleTests {
    private static let flow = "11111111-2222-4333-8444-555555555555"
    private let key = KeyBytes([UInt8](repeating: 7, count: 32))

    @Test("a state is read back, and only by the key that made it")
    func state() throws {
        let state = OAuthState(flow: Self.flow, expiresAt: 1_700_000_000)
        let text = try state.text(key: key)
        #expect(OAuthState(text, key: key) == state)
        #expect(OAuthState(text, key: KeyBytes([UInt8](repeating: 8, count: 32))) == nil)
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "1" ? "2" : "1")
            #expect(OAuthState(changed, key: key) == nil)
        }
        for other in ["", Self.flow, "\(Self.flow).1700000000", text + ".x", String(repeating: "1", count: 300)] {
            #expect(OAuthState(other, key: key) == nil)
        }
    }

    @Test("secrets of a flow differ by purpose and flow")
    func secrets() throws {
        let other = "21111111-2222-4333-8444-555555555555"
        let made = Set([
            try OAuthState.nonce(flow: Self.flow, key: key), try OAuthState.verifier(flow: Self.flow, key: key),
            try OAuthState.nonce(flow: other, key: key), try OAuthState.verifier(flow: other, key: key),
        ])
        #expect(made.count == 4 && made.allSatisfy { $0.utf8.count == 43 })
    }

    @Test("tokens of providers open in their own row only")
    func sealed() throws {
        let sealed = try SealedProviderToken.seal("secret", flow: Self.flow, purpose: "access", key: key)
        let open = { (flow: String, purpose: String) in
            SealedProviderToken.open(sealed, flow: flow, purpose: purpose, key: key)
        }
        #expect(open(Self.flow, "access") == "secret")
        #expect(open(Self.flow, "refresh") == nil && open("other", "access") == nil)
        #expect(SealedProviderToken.open("plain", flow: Self.flow, purpose: "access", key: key) == nil)
        #expect(!sealed.contains("secret"))
    }

    // MARK: OAuth 1.0a

    /// The example of RFC 5849 §3.4.1.1, whose parameters come from query, body and header.
    @Test("the text that OAuth 1.0a signs")
    func baseString() {
        let base = OAuth1.base(
            "POST", url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
            parameters: [
                ("oauth_consumer_key", "9djdj82h48djs9d2"), ("oauth_token", "kkk9d7dh3k39sjv7"),
                ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "137131201"),
                ("oauth_nonce", "7d8f3e4a"), ("c2", ""), ("a3", "2 q"),
            ])
        #expect(
            base == "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D"
                + "%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a"
                + "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        )
    }

    /// The example of RFC 5849 §1.2.
    @Test("the signature of OAuth 1.0a")
    func signature() throws {
        let base = OAuth1.base(
            "GET", url: "http://photos.example.net/photos?file=vacation.jpg&size=original",
            parameters: [
                ("oauth_consumer_key", "dpf43f3p2l4k3l03"), ("oauth_token", "nnch734d00sl2jdk"),
                ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "137131202"),
                ("oauth_nonce", "chapoH"),
            ])
        let key = KeyBytes(Array("kd94hf93k423kf44&pfkkdhi9sl3r4s00".utf8))
        #expect(Base64.encode(try Digest.hmacSHA1(Array(base.utf8), key: key)) == "MdpQcU8iPSUjWoN/UDMsK2sui9I=")
    }

    // MARK: Redirects

    @Test("errors reach the application in query and fragment")
    func errorRedirects() {
        let verify = AuthError.unverified(at: "spotify", isMailSent: true)
        #expect(
            ExternalRedirect.location("http://site.example/a?b=c#d", verify)
                == "http://site.example/a?b=c&error=access_denied&error_code=provider_email_needs_verification"
                + "&error_description=Unverified+email+with+spotify.+A+confirmation+email+has+been+sent+to+your+spotify"
                + "+email#error=access_denied&error_code=provider_email_needs_verification&error_description="
                + "Unverified+email+with+spotify.+A+confirmation+email+has+been+sent+to+your+spotify+email&sb=")
        let provider = AuthError.oauth("access_denied", "no & no")
        #expect(
            ExternalRedirect.location("http://site.example", provider)
                == "http://site.example?error=access_denied&error_description=no+%26+no"
                + "#error=access_denied&error_description=no+%26+no&sb=")
        #expect(ExternalRedirect.pairs(.userBanned)[0] == ("error", "access_denied"))
        #expect(ExternalRedirect.pairs(.emailExists)[0] == ("error", "server_error"))
        #expect(ExternalRedirect.pairs(.validation("x"))[0] == ("error", "invalid_request"))
    }

    // MARK: Accounts

    private func profile(_ emails: [(String, Bool)]) -> ExternalProfile {
        var profile = ExternalProfile(issuer: "i", subject: "s")
        for (index, email) in emails.enumerated() {
            profile.add(email.0, isVerified: email.1, isPrimary: index == 0)
        }
        return profile
    }

    @Test("which account a user of a provider gets")
    func linking() {
        let verified = profile([("a@b.example", true)])
        #expect(
            AccountLinking(verified, .init(owner: "1", ownersOfVerified: ["2"])) == .known(user: "1"))
        #expect(AccountLinking(verified, .init(ownersOfVerified: ["2"])) == .link(user: "2"))
        #expect(AccountLinking(verified, .init(ownersOfVerified: ["2", "2"])) == .link(user: "2"))
        #expect(AccountLinking(verified, .init(ownersOfVerified: ["2", "3"])) == .ambiguous)
        #expect(AccountLinking(verified, .init()) == .create(email: verified.emails[0]))
        let unverified = profile([("a@b.example", false)])
        #expect(AccountLinking(unverified, .init(isCandidateTaken: true)) == .create(email: nil))
        #expect(AccountLinking(unverified, .init()) == .create(email: unverified.emails[0]))
        #expect(AccountLinking(profile([]), .init()) == .create(email: nil))
        // A verified address comes before an unverified one that is called the first.
        let both = profile([("a@b.example", false), ("c@d.example", true)])
        #expect(AccountLinking(both, .init()) == .create(email: both.emails[1]))
    }

    @Test("whether the account opens")
    func admission() {
        func admit(
            _ emails: [(String, Bool)], email: String? = "a@b.example", confirmed: Bool = false,
            automatic: Bool = false,
            unverified: Bool = false, optional: Bool = false
        ) -> AccountAdmission {
            AccountAdmission(
                profile(emails),
                .init(
                    accountEmail: email, isConfirmed: confirmed, isEmailConfirmed: confirmed,
                    confirmsAutomatically: automatic, allowsUnverified: unverified, isEmailOptional: optional))
        }
        #expect(admit([("a@b.example", true)]) == .confirms)
        #expect(admit([("a@b.example", true)], confirmed: true) == .admitted)
        #expect(admit([("a@b.example", false)]) == .needsMail)
        #expect(admit([("a@b.example", false)], automatic: true) == .confirms)
        #expect(admit([("a@b.example", false)], unverified: true) == .admitted)
        // Another address than the account's proves nothing about the account's.
        #expect(admit([("c@d.example", true)]) == .needsMail)
        #expect(admit([("a@b.example", false)], email: nil) == .needsVerification)
        #expect(admit([("a@b.example", true)], email: nil) == .admitted)
        #expect(admit([], email: nil, optional: true) == .admitted)
        #expect(admit([], email: nil) == .needsVerification)
        #expect(admit([("a@b.example", false)], email: nil, optional: true) == .needsVerification)
    }

    @Test("what an identity keeps is bounded")
    func bounds() throws {
        var profile = profile([("a@b.example", true)])
        #expect(try profile.identityData()["email_verified"] == .bool(true))
        profile.custom = [.init("big", .string(String(repeating: "x", count: Metadata.bytesMax)))]
        #expect(throws: AuthError.tooMuchMetadata) { try profile.identityData() }
        for index in 0..<100 { profile.add("a\(index)@b.example", isVerified: true, isPrimary: false) }
        #expect(profile.emails.count == ExternalProfile.emailsMax)
        let long = JSONText.object([.init("sub", .string(String(repeating: "x", count: 256)))])
        #expect(ProfileMap.openID.profile(in: long, issuer: "i") == nil)
    }
}

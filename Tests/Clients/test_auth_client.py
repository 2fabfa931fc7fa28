"""The published Python client of AUTH, unchanged, against projectd."""

import time
import unittest

import jwt
from supabase_auth import SyncGoTrueClient
from supabase_auth._sync.gotrue_admin_api import SyncGoTrueAdminAPI
from supabase_auth.errors import AuthApiError, AuthSessionMissingError, AuthWeakPasswordError
from support import data_plane

plane = data_plane("support")
SECRET = "37c304f8-51aa-419a-a1af-06154e63707a"
KEYS = """[{"kty":"EC","crv":"P-256","kid":"638c54b8-28c2-4b12-9598-ba12ef610a29","key_ops":["sign","verify"],
  "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}]"""
# Nothing listens at port 9: mails wait, and the tests take codes from administrators' links.
MAIL = {"GOTRUE_SMTP_HOST": "127.0.0.1", "GOTRUE_SMTP_PORT": "9", "GOTRUE_SMTP_ADMIN_EMAIL": "admin@example.com"}
SERVERS = {
    "confirming": MAIL | {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_EXTERNAL_PHONE_ENABLED": "true"},
    "auto": MAIL | {"GOTRUE_MAILER_AUTOCONFIRM": "true", "GOTRUE_SMS_AUTOCONFIRM": "true",
                    "GOTRUE_EXTERNAL_PHONE_ENABLED": "true"},
    "closed": {"GOTRUE_DISABLE_SIGNUP": "true", "GOTRUE_EXTERNAL_EMAIL_ENABLED": "false"},
    "asymmetric": {"GOTRUE_MAILER_AUTOCONFIRM": "true", "GOTRUE_JWT_KEYS": KEYS},
}


class AuthClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = plane.Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.servers = {}
        for name, settings in SERVERS.items():
            server = plane.Server(cls.cluster, "postgres", {
                "GOTRUE_DB_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{cls.cluster.port}/postgres",
                "GOTRUE_JWT_SECRET": SECRET, "GOTRUE_SITE_URL": "http://localhost:9999",
                "API_EXTERNAL_URL": "http://localhost:9999", "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED": "true",
                "GOTRUE_URI_ALLOW_LIST": "https://supabase.io/docs", **settings}, only="auth")
            cls.addClassCleanup(server.stop)
            cls.servers[name] = f"http://127.0.0.1:{server.port}"

    def setUp(self):
        self.email = f"{self.id().split('.')[-1]}-{time.monotonic_ns()}@example.com"

    def client(self, name="auto"):
        return SyncGoTrueClient(url=self.servers[name], auto_refresh_token=False, persist_session=True)

    def admin(self, name="auto", **claims):
        claims = claims or {"role": "service_role"}
        bearer = jwt.encode(claims, SECRET, algorithm="HS256")
        return SyncGoTrueAdminAPI(url=self.servers[name], headers={"Authorization": f"Bearer {bearer}"})

    def signed_up(self, name="auto"):
        client = self.client(name)
        answer = client.sign_up({"email": self.email, "password": "password1"})
        self.assertIsNotNone(answer.session)
        return client, answer

    def test_signs_up_in_and_out(self):
        client, answer = self.signed_up()
        self.assertEqual(answer.user.email, self.email)
        self.assertEqual(client.get_user_identities().identities[0].identity_data["email"], self.email)
        client.sign_out()
        with self.assertRaises(AuthApiError) as caught:
            client.sign_in_with_password({"email": self.email, "password": "wrong"})
        self.assertEqual(caught.exception.code, "invalid_credentials")
        session = client.sign_in_with_password({"email": self.email, "password": "password1"}).session
        self.assertEqual(client.get_user(session.access_token).user.email, self.email)

    def test_refreshes_and_sets_sessions(self):
        client, answer = self.signed_up()
        first = answer.session
        second = client.refresh_session(first.refresh_token).session
        self.assertNotEqual(second.refresh_token, first.refresh_token)
        other = self.client()
        again = other.refresh_session(first.refresh_token).session
        self.assertEqual(again.refresh_token, second.refresh_token)
        kept = other.set_session(second.access_token, second.refresh_token)
        self.assertEqual(kept.user.email, self.email)

    def test_updates_the_user(self):
        client, _ = self.signed_up()
        client.update_user({"password": "123e5a", "data": {"name": "Ada"}})
        answer = self.client().sign_in_with_password({"email": self.email, "password": "123e5a"})
        self.assertEqual(answer.user.user_metadata["name"], "Ada")
        client.reauthenticate()
        client.reset_password_email("nobody@example.com")

    def test_claims_by_both_kinds_of_keys(self):
        client, _ = self.signed_up()
        self.assertEqual(client.get_claims()["claims"]["email"], self.email)
        self.email = "a" + self.email
        client, answer = self.signed_up("asymmetric")
        header = jwt.get_unverified_header(answer.session.access_token)
        self.assertEqual((header["alg"], header["kid"]), ("ES256", "638c54b8-28c2-4b12-9598-ba12ef610a29"))
        self.assertEqual(client.get_claims()["claims"]["email"], self.email)

    def test_anonymous_users(self):
        client = self.client()
        self.assertTrue(client.sign_in_anonymously().user.is_anonymous)

    def test_administration(self):
        admin = self.admin()
        made = admin.create_user({
            "email": self.email, "password": "password1", "email_confirm": True, "user_metadata": {"a": 1},
            "app_metadata": {"plan": "gold"}}).user
        self.assertEqual(made.app_metadata, {"plan": "gold", "provider": "email", "providers": ["email"]})
        self.assertIn(made.id, [user.id for user in admin.list_users()])
        changed = admin.update_user_by_id(made.id, {"email": "n" + self.email}).user
        self.assertEqual(admin.get_user_by_id(made.id).user.email, changed.email)
        admin.delete_user(made.id)
        self.assertNotIn(made.id, [user.id for user in admin.list_users()])
        self.admin(sub="1234567890", role="supabase_admin").list_users()
        self.admin("asymmetric").list_users()
        with self.assertRaises(AuthApiError):
            self.admin(role="authenticated").list_users()
        with self.assertRaises(AuthApiError):
            admin.sign_out("this-is-a-bad-token")

    def test_links_and_invitations(self):
        admin = self.admin("confirming")
        link = admin.generate_link({
            "type": "signup", "email": self.email, "password": "password1", "options": {"data": {"x": 1}}})
        self.assertEqual(link.user.user_metadata["x"], 1)
        answer = self.client("confirming").verify_otp({
            "type": "signup", "email": self.email, "token": link.properties.email_otp})
        self.assertIsNotNone(answer.session)
        change = admin.generate_link({
            "type": "email_change_current", "email": self.email, "new_email": "n" + self.email})
        self.assertEqual(change.user.new_email, "n" + self.email)
        self.assertIsNotNone(admin.invite_user_by_email("i" + self.email).user.invited_at)

    def test_second_factors(self):
        client, answer = self.signed_up()
        factor = client.mfa.enroll({"factor_type": "totp", "issuer": "example.com", "friendly_name": "phone"})
        self.assertIn("<svg", factor.totp.qr_code)
        self.assertEqual(len(client.mfa.list_factors().all), 1)
        code = totp(factor.totp.secret)
        client.mfa.challenge_and_verify({"factor_id": factor.id, "code": code})
        self.assertEqual(client.mfa.get_authenticator_assurance_level().current_level, "aal2")
        admin = self.admin()
        factors = admin.mfa.list_factors({"user_id": answer.user.id})
        self.assertEqual([found.status for found in factors], ["verified"])
        admin.mfa.delete_factor({"user_id": answer.user.id, "id": factor.id})
        self.assertEqual(admin.mfa.list_factors({"user_id": answer.user.id}), [])

    def test_errors_are_those_of_the_contract(self):
        confirming = self.client("confirming")
        for credentials in ({"email": "nobody@example.com"}, {"phone": "+15551234567"}):
            with self.assertRaises(AuthApiError):
                confirming.sign_in_with_password({**credentials, "password": "password1"})
        for credentials in ({"email": self.email}, {"phone": "+15551234567"}):
            with self.assertRaises(AuthWeakPasswordError):
                confirming.sign_up({**credentials, "password": "123"})
        with self.assertRaises(AuthApiError):
            confirming.sign_in_with_id_token({"provider": "google", "token": "123456"})
        with self.assertRaises(AuthApiError):
            confirming.sign_in_with_otp({"phone": "+15551234567"})
        with self.assertRaises(AuthApiError) as caught:
            confirming.sign_in_with_sso({"domain": "google"})
        self.assertIn("SAML 2.0 is disabled", str(caught.exception))
        confirming.resend({"type": "sms", "phone": "+15551234567"})
        confirming.resend({"type": "email_change", "email": "nobody@example.com"})
        closed = self.client("closed")
        for phone, message in (
                ("+15551234567", "Token has expired or is invalid"),
                ("+15551234567-invalid", "Invalid phone number format (E.164 required)")):
            with self.assertRaises(AuthApiError) as caught:
                closed.verify_otp({"phone": phone, "token": "123456", "type": "sms"})
            self.assertEqual(str(caught.exception), message)
        with self.assertRaises(AuthSessionMissingError):
            self.client().link_identity({"provider": "google"})


def totp(secret):
    """The code of now (RFC 6238)."""
    import base64
    import hashlib
    import hmac
    import struct
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    tag = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    offset = tag[19] & 15
    return f"{(struct.unpack('>I', tag[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06d}"


if __name__ == "__main__":
    unittest.main()

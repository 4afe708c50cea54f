// BouncyCastle as a judge. A request is a line of words, TABs between: VERB IN OUT ARGUMENT..; the answer a line: "ok", or what is not good.
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.smime.SMIMECapabilitiesAttribute;
import org.bouncycastle.asn1.smime.SMIMECapabilityVector;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaCertStoreBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

public class Judge {
    static final char[] PASSWORD = "secret".toCharArray();

    record Identity(PrivateKey key, X509Certificate certificate, Certificate[] chain) {}

    static Identity identity(String p12) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12", "BC");
        store.load(new FileInputStream(p12), PASSWORD);
        String alias = store.aliases().nextElement();
        for (var all = store.aliases(); all.hasMoreElements();) {
            String candidate = all.nextElement();
            if (store.isKeyEntry(candidate)) alias = candidate;
        }
        return new Identity((PrivateKey) store.getKey(alias, PASSWORD), (X509Certificate) store.getCertificate(alias),
            store.getCertificateChain(alias));
    }

    static X509Certificate certificate(String pem) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509", "BC").generateCertificate(new FileInputStream(pem));
    }

    static Recipient recipient(RecipientInformation info, PrivateKey key, boolean authenticated) {
        if (info instanceof KeyAgreeRecipientInformation)
            return new JceKeyAgreeEnvelopedRecipient(key);
        return authenticated ? new JceKeyTransAuthEnvelopedRecipient(key) : new JceKeyTransEnvelopedRecipient(key);
    }

    static byte[] open(byte[] der, Identity me) throws Exception {
        boolean authenticated = org.bouncycastle.asn1.cms.ContentInfo.getInstance(der).getContentType()
            .equals(CMSObjectIdentifiers.authEnvelopedData); // AES-GCM, which it knows for RSA only
        RecipientInformationStore infos = authenticated ? new CMSAuthEnvelopedData(der).getRecipientInfos()
                                                        : new CMSEnvelopedData(der).getRecipientInfos();
        RecipientId id = me.key.getAlgorithm().startsWith("EC") ? new JceKeyAgreeRecipientId(me.certificate)
                                                                 : new JceKeyTransRecipientId(me.certificate);
        RecipientInformation info = infos.get(id);
        return info.getContent(recipient(info, me.key, authenticated));
    }

    static void checkPath(X509Certificate leaf, CMSSignedData data, String[] anchors) throws Exception {
        var trusted = new HashSet<TrustAnchor>();
        for (String pem : anchors) trusted.add(new TrustAnchor(certificate(pem), null));
        var target = new X509CertSelector();
        target.setCertificate(leaf);
        var parameters = new PKIXBuilderParameters(trusted, target);
        parameters.setRevocationEnabled(false);
        parameters.addCertStore(new JcaCertStoreBuilder().setProvider("BC").addCertificates(data.getCertificates()).build());
        CertPathBuilder.getInstance("PKIX", "BC").build(parameters);
    }

    static byte[] verify(byte[] der, byte[] content, String[] anchors) throws Exception {
        CMSSignedData data = content == null ? new CMSSignedData(der) : new CMSSignedData(new CMSProcessableByteArray(content), der);
        Collection<SignerInformation> signers = data.getSignerInfos().getSigners();
        if (signers.isEmpty()) throw new SecurityException("no signer");
        for (SignerInformation signer : signers) {
            var found = data.getCertificates().getMatches(signer.getSID());
            var certificate = new JcaX509CertificateConverter().getCertificate((X509CertificateHolder) found.iterator().next());
            checkPath(certificate, data, anchors);
            if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(certificate)))
                throw new SecurityException("bad signature");
        }
        return content == null ? (byte[]) data.getSignedContent().getContent() : content;
    }

    static RecipientInfoGenerator recipientOf(X509Certificate to) throws Exception {
        if (!to.getPublicKey().getAlgorithm().startsWith("EC")) return new JceKeyTransRecipientInfoGenerator(to).setProvider("BC");
        // One-pass ephemeral ECDH: the generator wants a key pair of our side only to know the curve.
        var pairs = KeyPairGenerator.getInstance("EC", "BC");
        pairs.initialize(((ECPublicKey) to.getPublicKey()).getParams());
        var pair = pairs.generateKeyPair();
        return new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA256KDF, pair.getPrivate(), pair.getPublic(),
            CMSAlgorithm.AES256_WRAP).addRecipient(to).setProvider("BC");
    }

    // DER, because gpgsm fails on its BER.
    static byte[] encrypt(byte[] content, String cipher, String[] people) throws Exception {
        boolean authenticated = cipher.equals("aes-256-gcm");
        CMSEnvelopedGenerator generator = authenticated ? new CMSAuthEnvelopedDataGenerator() : new CMSEnvelopedDataGenerator();
        for (String pem : people) generator.addRecipientInfoGenerator(recipientOf(certificate(pem)));
        var typed = new CMSProcessableByteArray(content);
        var algorithm = authenticated ? CMSAlgorithm.AES256_GCM : CMSAlgorithm.AES256_CBC;
        var encryptor = new JceCMSContentEncryptorBuilder(algorithm).setProvider("BC").build();
        var made = generator instanceof CMSAuthEnvelopedDataGenerator g ? g.generate(typed, (OutputAEADEncryptor) encryptor).toASN1Structure()
                                                                        : ((CMSEnvelopedDataGenerator) generator).generate(typed, encryptor).toASN1Structure();
        return made.getEncoded("DER");
    }

    static AttributeTable capabilities() {
        var list = new SMIMECapabilityVector();
        for (ASN1ObjectIdentifier cipher : new ASN1ObjectIdentifier[] {CMSAlgorithm.AES256_GCM, CMSAlgorithm.AES256_CBC}) list.addCapability(cipher);
        return new AttributeTable(new SMIMECapabilitiesAttribute(list));
    }

    static byte[] sign(byte[] content, Identity me, boolean detached) throws Exception {
        String algorithm = me.key.getAlgorithm().startsWith("EC") ? "SHA256withECDSA" : "SHA256withRSA";
        ContentSigner signer = new JcaContentSignerBuilder(algorithm).setProvider("BC").build(me.key);
        var digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
        var generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(digests)
            .setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(capabilities())).build(signer, me.certificate));
        generator.addCertificates(new JcaCertStore(Arrays.asList(me.chain)));
        return generator.generate(new CMSProcessableByteArray(content), !detached).getEncoded();
    }

    static void serve(String[] a) throws Exception {
        byte[] in = Files.readAllBytes(Path.of(a[1]));
        byte[] out = switch (a[0]) {
        case "open" -> open(in, identity(a[3]));
        case "verify" -> verify(in, a[3].equals("-") ? null : Files.readAllBytes(Path.of(a[3])), Arrays.copyOfRange(a, 4, a.length));
        case "encrypt" -> encrypt(in, a[3], Arrays.copyOfRange(a, 4, a.length));
        case "sign" -> sign(in, identity(a[3]), a[4].equals("detached"));
        default -> throw new IllegalArgumentException(a[0]);
        };
        Files.write(Path.of(a[2]), out);
    }

    public static void main(String[] none) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        var requests = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = requests.readLine()) != null;) {
            String answer = "ok";
            try {
                serve(line.split("\t"));
            } catch (Exception why) {
                answer = why.toString().replace("\n", " ");
            }
            System.out.println(answer);
            System.out.flush();
        }
    }
}

"""What stands beside the products of the demo: their descriptions in Hindi, and what staff put next to them."""

DESCRIPTIONS_HI = {
    "Toned Milk": "पाश्चुरीकृत, 3 % वसा और 8.5 % एसएनएफ़। चाय, कॉफ़ी और दही जमाने के लिए रोज़ का दूध।",
    "Full Cream Milk": "पाश्चुरीकृत, 6 % वसा और 9 % एसएनएफ़। गाढ़ा और मीठा: बच्चों, मिठाई और मोटी मलाई के लिए।",
    "Double Toned Milk": "पाश्चुरीकृत, 1.5 % वसा और 9 % एसएनएफ़। हल्का, पर प्रोटीन पूरा।",
    "A2 Desi Cow Milk": "चरने वाली गिर और हल्लीकर गायों का, बिना होमोजेनाइज़ किया, काँच की बोतल में जो हम वापस लेते हैं।",
    "Buffalo Milk": "मुर्रा भैंस का ताज़ा दूध, 7 % वसा। दही गाढ़ा जमता है और पनीर खूब निकलता है।",
    "Lactose Free Milk": "टोन्ड दूध जिसकी दुग्ध-शर्करा पहले ही टूटी हुई है। स्वाद ज़रा मीठा; ऊपर से कुछ नहीं मिलाया।",
    "UHT Slim Milk": "मलाई निकाला, 0.5 % वसा, ऐसे कार्टन में जो खुलने तक फ्रिज के बिना टिकता है।",
    "Set Curd": "टोन्ड दूध का गाढ़ा जमा दही, हल्का और बिना खट्टापन।",
    "Clay Pot Curd": "फुल क्रीम दही, रात भर मिट्टी के मटके में जमा, जो पानी सोखकर इसे ठोस रखता है।",
    "Buffalo Curd": "मलाईदार और ठोस; चम्मच से कटता है।",
    "Greek Yogurt": "छना हुआ, 100 ग्राम में 8 ग्राम प्रोटीन, बिना चीनी।",
    "Malai Paneer": "गाय के पूरे दूध का नरम पनीर, उसी रात दबाया हुआ।",
    "Low Fat Paneer": "डबल टोन्ड दूध का: ठोस, सेंकने के लिए।",
    "A2 Cow Paneer": "देसी गाय के दूध का, नींबू से फाड़ा हुआ।",
    "White Butter": "दही से मथा हुआ, बिना नमक। पराँठे और अक्की रोटी का मक्खन।",
    "Table Butter, Salted": "पाश्चुरीकृत क्रीम, चुटकी भर नमक।",
    "Garlic Herb Butter": "टोस्ट और भुट्टे के लिए।",
    "Cow Ghee": "क्रीम से धीमी आँच पर, सुनहरा और दानेदार होने तक पका।",
    "Buffalo Ghee": "सफ़ेद और ख़ुशबूदार।",
    "A2 Bilona Ghee": "देसी गाय के दूध का दही, हाथ से मथा और लकड़ी की आँच पर पका। तीस लीटर दूध से एक लीटर।",
    "Masala Buttermilk": "पतली और ठंडी छाछ, अदरक, करी पत्ते और ज़रा सी हरी मिर्च के साथ।",
    "Sweet Lassi": "चीनी और इलायची के साथ मथा दही।",
    "Badam Milk": "बादाम के पेस्ट और केसर वाला दूध, काँच की बोतल में जो हम वापस लेते हैं।",
    "Nimbu Pani": "नींबू, गुड़, काला नमक और भुना जीरा। इसमें दूध नहीं।",
    "Fresh Cream": "25 % वसा, दाल, सूप और कॉफ़ी के लिए।",
    "Mozzarella": "पिज़्ज़ा और सैंडविच के लिए कम नमी वाला टुकड़ा।",
    "Cheese Slices": "प्रोसेस्ड चेडर की दस स्लाइस।",
    "Shrikhand, Kesar Elaichi": "केसर और इलायची वाला, टँगा हुआ दही।",
    "Dharwad Peda": "घंटों पकाया दूध, चीनी में लपेटा, बारह पीस।",
    "Rasgulla": "हल्की चाशनी में छेने के नरम गोले, दस पीस।",
    "Mishti Doi": "मिट्टी के कप में बंगाल का कैरामल दही।",
}

INSTEAD = {
    "Mishti Doi": ("Shrikhand, Kesar Elaichi", "Sweet Lassi", "Greek Yogurt"),
    "A2 Cow Paneer": ("Malai Paneer", "Low Fat Paneer"),
    "A2 Bilona Ghee": ("Cow Ghee", "Buffalo Ghee"),
    "Lactose Free Milk": ("UHT Slim Milk", "Double Toned Milk"),
}
"""For a product, what staff offer where it is sold out, the best first."""

TOGETHER = {
    "Toned Milk": ("Set Curd", "Malai Paneer", "Cow Ghee", "Masala Buttermilk"),
    "Full Cream Milk": ("Malai Paneer", "Clay Pot Curd", "White Butter", "Cow Ghee"),
    "A2 Desi Cow Milk": ("A2 Cow Paneer", "A2 Bilona Ghee", "Clay Pot Curd", "White Butter"),
    "Set Curd": ("Toned Milk", "Masala Buttermilk", "Sweet Lassi", "Malai Paneer"),
    "Malai Paneer": ("Fresh Cream", "Table Butter, Salted", "Full Cream Milk", "Set Curd"),
    "White Butter": ("Masala Buttermilk", "Set Curd", "Cow Ghee", "Malai Paneer"),
}
"""For a product, what staff show with it."""

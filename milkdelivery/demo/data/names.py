"""Words that make believable households: names from all over India, buildings, doors and wishes."""

# Kannada, Tamil, Telugu, Malayalam, Hindi, Marathi, Gujarati, Bengali, Punjabi, Urdu, Konkani, Assamese, Odia names.
FIRST_NAMES = (
    "Aarav", "Aishwarya", "Akash", "Amrita", "Ananya", "Anil", "Anjali", "Arjun", "Arpita", "Asha",
    "Bhavana", "Bhaskar", "Chaitra", "Chandan", "Debjani", "Deepak", "Deepika", "Divya", "Faisal", "Farida",
    "Ganesh", "Gayathri", "Girish", "Gurpreet", "Harini", "Harish", "Hemalatha", "Ishaan", "Jayashree", "Jasleen",
    "Kalpana", "Karthik", "Kavitha", "Keerthana", "Kiran", "Krishnan", "Lakshmi", "Latha", "Madhavi", "Mahesh",
    "Manasa", "Meenakshi", "Meera", "Mohan", "Mrinalini", "Murali", "Nagaraj", "Nandini", "Naveen", "Neha",
    "Nikhil", "Nirmala", "Padma", "Pallavi", "Pooja", "Pradeep", "Prakash", "Pranav", "Priya", "Rahul",
    "Rajesh", "Rakesh", "Ramya", "Ranjit", "Rashmi", "Rekha", "Rohini", "Rukmini", "Sadhana", "Sandeep",
    "Sanjana", "Saraswathi", "Shabana", "Shalini", "Shreya", "Siddharth", "Smitha", "Sneha", "Sourav", "Srinivas",
    "Subramanian", "Sudha", "Suma", "Sunil", "Sushma", "Swathi", "Tanvi", "Tejas", "Uma", "Vaishnavi",
    "Varun", "Vasudha", "Venkatesh", "Vidya", "Vijay", "Vikram", "Vinay", "Vishnu", "Yamini", "Zoya",
)  # fmt: skip
LAST_NAMES = (
    "Achar", "Agarwal", "Ahmed", "Aiyer", "Banerjee", "Baruah", "Bhat", "Bose", "Chakraborty", "Chandrasekaran",
    "Chatterjee", "Chavan", "Das", "Deshpande", "D'Souza", "Fernandes", "Gandhi", "Ghosh", "Gowda", "Gupta",
    "Hegde", "Hussain", "Iyengar", "Iyer", "Jain", "Jayaraman", "Joshi", "Kamath", "Kaur", "Khan",
    "Kini", "Krishnamurthy", "Kulkarni", "Kumar", "Mahapatra", "Mathew", "Mehta", "Menon", "Mishra", "Mukherjee",
    "Murthy", "Nair", "Nambiar", "Narayanan", "Naidu", "Pai", "Panda", "Patel", "Patil", "Pillai",
    "Prabhu", "Raghavan", "Rajan", "Ramaswamy", "Rao", "Reddy", "Saikia", "Sharma", "Shenoy", "Shetty",
    "Singh", "Siddiqui", "Sriram", "Subramanian", "Swamy", "Thomas", "Varghese", "Varma", "Venkataraman", "Yadav",
)  # fmt: skip

# Names that forms, labels and round sheets must be able to show.
UNUSUAL_NAMES = (
    "Thiruvengadam Venkatanarasimharajuvaripeta Subrahmanyam",
    "Sri Lakshmi Narasimha Swamy Krishnamachari Iyengar",
    "ಅನಿತಾ ರಾವ್",
    "वेंकटेश कुलकर्णी",
    "தமிழ்ச்செல்வி முருகன்",
    "Om",
    "Maria-José D'Cunha e Pinto",
)
AMERICAN_NAMES = (
    "Abigail Bouchard", "Caleb Fournier", "Deepa Krishnan", "Ethan Lavoie", "Grace O'Donnell", "Hassan Abdi",
    "Imani Walker", "Jacob Stearns", "Linh Nguyen", "Margaret Desrochers", "Noah Gauthier", "Sunita Gurung",
)  # fmt: skip

SOCIETIES = (
    "Ashirwad Residency", "Banyan Lakeview", "Chaitanya Enclave", "Coconut Grove Apartments", "Deepa Nivas",
    "Gulmohar Heights", "Honge Tree Court", "Jasmine Terrace", "Kalyani Gardens", "Lotus Pond Apartments",
    "Malhar Habitat", "Nakshatra Towers", "Neeladri Residency", "Parijata", "Rain Tree Park",
    "Sampige Mansions", "Shanthi Niketan", "Silver Oak Apartments", "Temple View", "Tulasi Vana",
)  # fmt: skip
AMERICAN_BUILDINGS = ("Lakeside Commons", "Old Mill Lofts", "Maple Row")
TOWERS = ("A", "B", "C", "D", "North Tower", "South Tower")
LANDMARKS = (
    "Opposite the Ganesha temple", "Next to the milk parlour", "Behind the bus stop", "Near the water tank",
    "Above the pharmacy", "Beside the park gate", "Second gate after the school",
)  # fmt: skip
INSTRUCTIONS = (
    "Leave at the door, don't ring", "Hang the bag on the gate", "Please ring twice", "Put it into the blue box",
    "Give it to the security guard", "Empty bottles stand beside the shoe rack",
)  # fmt: skip
WISHES = ("Call when downstairs, please", "Two separate bags, please", "Please check the date on the curd")
CANCEL_REASONS = ("Out of town", "Ordered twice by mistake", "Guests are not coming")

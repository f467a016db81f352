#include "tests/simulator/communities.h"

#include <map>

namespace trusthub::simulator {

const std::vector<Community>& Communities() {
  static const auto& all = *new std::vector<Community>{
      {18,
       "APKN",
       "ur",
       {"Ayesha", "Maryam", "Zainab", "Sana", "Iqra", "Hafsa", "Nadia", "Khadija", "Saima"},
       {"Mohammed Bilal", "Hamza", "Imran", "Usman", "Mohammed Adeel", "Zain", "Faisal", "Yusuf"},
       {"Khan", "Hussain", "Malik", "Akhtar", "Qureshi", "Mahmood", "Sheikh", "Mirza"}},
      {12,
       "ABAN",
       "bn",
       {"Fatima", "Nasreen", "Tahmina", "Sumaya", "Rukhsana", "Jannat", "Halima"},
       {"Mohammed Rahim", "Kamal", "Jubair", "Abdul Karim", "Tariq", "Shahin"},
       {"Begum", "Chowdhury", "Rahman", "Miah", "Uddin", "Siddiqui", "Islam"}},
      {18,
       "AIND",
       "pa",
       {"Simran", "Jasmin Kaur", "Harpreet Kaur", "Priya", "Anjali", "Manpreet", "Neha"},
       {"Gurpreet Singh", "Arjun", "Rajan", "Harjit", "Rohan", "Amrit Singh", "Vikram"},
       {"Singh", "Kaur", "Sharma", "Gill", "Sandhu", "Dhillon", "Bhatt"}},
      {8,
       "AIND",
       "gu",
       {"Nisha", "Hetal", "Kavita", "Bhavna", "Mira"},
       {"Jay", "Nikhil", "Amit", "Chirag", "Dev"},
       {"Patel", "Shah", "Desai", "Mehta", "Joshi"}},
      {8,
       "AOTH",
       "ta",
       {"Nila", "Tharani", "Abirami", "Kavya", "Sangeetha", "Meera"},
       {"Kavin", "Pranavan", "Arun", "Sujan", "Vithuran"},
       {"Sivakumar", "Nadarajah", "Krishnan", "Selvaratnam", "Rajendran", "Thevarajah"}},
      {5,
       "BAFR",
       "so",
       {"Amina", "Hodan", "Ifrah", "Sahra", "Ubah"},
       {"Abdi", "Abdullahi", "Mahad", "Liban", "Omar"},
       {"Warsame", "Hassan", "Farah", "Abdirahman", "Jama", "Ali"}},
      {4,
       "BAFR",
       "yo",
       {"Temitope", "Folake", "Bisi", "Yewande"},
       {"Tunde", "Segun", "Kayode", "Femi"},
       {"Adeyemi", "Okonkwo", "Bakare", "Ogunleye", "Adebayo"}},
      {5,
       "WOTH",
       "pl",
       {"Zofia", "Natalia", "Oliwia", "Łucja", "Aleksandra"},
       {"Jakub", "Tomasz", "Aleksander", "Mateusz", "Michał"},
       {"Kowalski", "Nowak", "Wiśniewski", "Wójcik", "Zieliński"}},
      {3,
       "WOTH",
       "lt",
       {"Gabija", "Ugnė", "Austėja"},
       {"Lukas", "Dominykas", "Matas"},
       {"Kazlauskas", "Petrauskas", "Jankauskas"}},
      {4,
       "BCRB",
       "en",
       {"Shanice", "Tiana", "Jada", "Renee"},
       {"Jayden", "Tyrone", "Marcus", "Andre"},
       {"Campbell", "Francis", "Joseph", "Grant", "Clarke"}},
      {15,
       "WBRI",
       "en",
       {"Charlotte", "Emily", "Megan", "Chloe", "Katherine", "Isabel", "Lucy", "Sarah"},
       {"Thomas", "Steven", "Aidan", "Jack", "Oliver", "Shaun", "Luke", "Daniel"},
       {"Bennett", "Turner", "Clark", "Green", "Harris", "Smith", "O'Brien", "Taylor"}}};
  return all;
}

const std::vector<absl::string_view>& OtherSpellings(absl::string_view name) {
  static const auto& none = *new std::vector<absl::string_view>;
  static const auto& all = *new std::map<absl::string_view, std::vector<absl::string_view>>{
      {"Ayesha", {"Aisha", "Aysha", "Aishah"}},
      {"Maryam", {"Mariam", "Mariyam"}},
      {"Zainab", {"Zaynab", "Zeinab"}},
      {"Khadija", {"Khadijah", "Khatija"}},
      {"Fatima", {"Fatimah", "Fathima"}},
      {"Nasreen", {"Nasrin"}},
      {"Sumaya", {"Sumaiya", "Sumayya"}},
      {"Halima", {"Haleema", "Halimah"}},
      {"Amina", {"Aminah", "Ameena"}},
      {"Mohammed", {"Muhammad", "Mohamed", "Mohammad", "Md"}},
      {"Hamza", {"Hamzah", "Humza"}},
      {"Usman", {"Osman", "Uthman"}},
      {"Omar", {"Umar", "Umer"}},
      {"Yusuf", {"Yousuf", "Yousaf"}},
      {"Zain", {"Zayn"}},
      {"Bilal", {"Belal"}},
      {"Abdi", {"Cabdi"}},
      {"Hussain", {"Hussein", "Husain"}},
      {"Hassan", {"Hasan", "Xasan"}},
      {"Khan", {"Kahn", "Khaan"}},
      {"Chowdhury", {"Choudhury", "Chaudhry"}},
      {"Qureshi", {"Quraishi"}},
      {"Sheikh", {"Shaikh"}},
      {"Siddiqui", {"Siddique"}},
      {"Akhtar", {"Akhter", "Akther"}},
      {"Mahmood", {"Mehmood", "Mahmud"}},
      {"Begum", {"Begom"}},
      {"Sivakumar", {"Shivakumar"}},
      {"Krishnan", {"Krishan"}},
      {"Selvaratnam", {"Selvarathnam"}},
      {"Thevarajah", {"Thevaraja"}},
      {"Nadarajah", {"Nadaraja"}},
      {"Zofia", {"Sofia"}},
      {"Łucja", {"Lucja"}},
      {"Oliwia", {"Olivia"}},
      {"Jakub", {"Jacob"}},
      {"Wiśniewski", {"Wisniewski"}},
      {"Wójcik", {"Wojcik"}},
      {"Zieliński", {"Zielinski"}},
      {"Ugnė", {"Ugne"}},
      {"Austėja", {"Austeja"}},
      {"Michał", {"Michal"}},
      {"Katherine", {"Catherine", "Kathryn"}},
      {"Isabel", {"Isobel", "Isabelle"}},
      {"Sarah", {"Sara"}},
      {"Steven", {"Stephen"}},
      {"Shaun", {"Sean"}},
      {"Aidan", {"Aiden"}},
      {"Jayden", {"Jaden"}},
      {"O'Brien", {"OBrien"}},
      {"Clark", {"Clarke"}},
      {"Smith", {"Smyth"}},
  };
  const auto it = all.find(name);
  return it == all.end() ? none : it->second;
}

const std::vector<absl::string_view>& Streets() {
  static const auto& all = *new std::vector<absl::string_view>{
      "Loxford Lane", "Green Lane",     "Goodmayes Road", "Barley Lane",      "Cranbrook Road",
      "Ley Street",   "Horns Road",     "Tomswood Hill",  "Woodford Avenue",  "Beehive Lane",
      "Mayfair Road", "Valentines Way", "Uphall Road",    "Wanstead Park Rd", "Hainault Street"};
  return all;
}

const std::vector<absl::string_view>& Districts() {
  static const auto& all = *new std::vector<absl::string_view>{
      "IG1", "IG1", "IG1", "IG2", "IG3", "IG4", "IG5", "IG6", "IG8", "E11", "E18"};
  return all;
}

}  // namespace trusthub::simulator
